import {
  type MigrationContext,
  PortableMigration,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

const TABLES = ['runbooks', 'runbook_versions'];

/** Runbooks and their versions. */
export class CreateRunbooks1700000000043 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { json, timestamp, uuid } = types;
    await sql(
      `create table runbooks (
        tenant_id ${uuid} not null, id ${uuid} not null, name varchar not null, version integer not null,
        created_at ${timestamp} not null, archived_at ${timestamp},
        constraint runbooks_pk primary key (tenant_id, id))`,
      `create table runbook_versions (
        tenant_id ${uuid} not null, id ${uuid} not null, runbook_id ${uuid} not null,
        version integer not null, definition ${json} not null, created_by ${uuid} not null,
        created_at ${timestamp} not null,
        constraint runbook_versions_pk primary key (tenant_id, id),
        constraint runbook_versions_uq unique (tenant_id, runbook_id, version))`,
      ...TABLES.flatMap((table) => trackChangesOf(driver, table, ['id'])),
    );
    await tenantScoped(...TABLES);
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      ...TABLES.toReversed().flatMap((table) => [...untrackChangesOf(driver, table), `drop table ${table}`]),
    );
  }
}
