import {
  type MigrationContext,
  PortableMigration,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

const COLUMNS = ['key', 'status', 'criticality', 'source', 'updated_at', 'archived_at'];

/** The keys, the status and the relationships of configuration items. */
export class RelateItems1700000000038 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { timestamp, uuid } = types;
    await sql(
      'alter table configuration_items add column key varchar',
      `alter table configuration_items add column status varchar not null default 'production'`,
      `alter table configuration_items add column criticality varchar not null default 'medium'`,
      `alter table configuration_items add column source varchar not null default 'manual'`,
      `alter table configuration_items add column updated_at ${timestamp}`,
      `alter table configuration_items add column archived_at ${timestamp}`,
      `create unique index configuration_items_key_uq on configuration_items (tenant_id, type, key)
        where key is not null and archived_at is null`,
      'create index configuration_items_type_ix on configuration_items (tenant_id, type, id)',
      `create table ci_relationships (
        tenant_id ${uuid} not null, id ${uuid} not null, from_id ${uuid} not null, to_id ${uuid} not null,
        type varchar not null, min_up integer, created_at ${timestamp} not null,
        constraint ci_relationships_pk primary key (tenant_id, id),
        constraint ci_relationships_uq unique (tenant_id, from_id, to_id, type))`,
      'create index ci_relationships_to_ix on ci_relationships (tenant_id, to_id, from_id)',
      ...trackChangesOf(driver, 'ci_relationships', ['id']),
    );
    await tenantScoped('ci_relationships');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      ...untrackChangesOf(driver, 'ci_relationships'),
      'drop table ci_relationships',
      'drop index configuration_items_type_ix',
      'drop index configuration_items_key_uq',
      ...COLUMNS.toReversed().map((column) => `alter table configuration_items drop column ${column}`),
    );
  }
}
