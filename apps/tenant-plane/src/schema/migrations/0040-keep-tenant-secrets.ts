import {
  type MigrationContext,
  PortableMigration,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** The keys of tenants, which seal the secrets that tenants store, and the plane's keys, which seal them. */
export class KeepTenantSecrets1700000000040 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { json, timestamp, uuid } = types;
    await sql(
      `alter table plane_identity add column wrapping_keys ${json} not null default '[]'`,
      `create table tenant_keys (
        tenant_id ${uuid} not null, number integer not null, sealed_key text,
        created_at ${timestamp} not null, replaced_at ${timestamp},
        constraint tenant_keys_pk primary key (tenant_id, number))`,
      ...trackChangesOf(driver, 'tenant_keys', ['number']),
    );
    await tenantScoped('tenant_keys');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      ...untrackChangesOf(driver, 'tenant_keys'),
      'drop table tenant_keys',
      'alter table plane_identity drop column wrapping_keys',
    );
  }
}
