import {
  type MigrationContext,
  PortableMigration,
  changeTrackingTables,
  dropChangeTrackingTables,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/**
 * Each tenant-scoped table so far, with its primary key except `tenant_id`. Later tables come with their own
 * triggers.
 */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  users: ['id'],
  sessions: ['id'],
  used_signup_tokens: ['jti'],
  tenant_counters: ['series'],
  audit_events: ['id'],
  onboarding_skipped_steps: ['step'],
  incidents: ['id'],
  configuration_items: ['id'],
  idempotency_keys: ['scope'],
};

export class TrackChanges1700000000006 extends PortableMigration {
  protected async apply({ driver, sql, tenantScoped, types }: MigrationContext): Promise<void> {
    await sql(...changeTrackingTables(driver));
    await tenantScoped('tracked_tenants', 'row_changes');
    for (const [table, keys] of Object.entries(TABLES)) await sql(...trackChangesOf(driver, table, keys));
    await sql(
      `alter table tenants add column transfer ${types.json}`,
      `alter table tenants add column imported_transfer_id ${types.uuid}`,
      `alter table tenants add column move_consent_id ${types.uuid}`,
      `alter table tenants add column moved_to varchar`,
      `alter table tenants add column purge_job_id ${types.uuid}`,
      `create index tenants_transfer_ix on tenants (id) where transfer is not null`,
    );
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql('drop index tenants_transfer_ix');
    const columns = ['purge_job_id', 'moved_to', 'move_consent_id', 'imported_transfer_id', 'transfer'];
    await sql(...columns.map((column) => `alter table tenants drop column ${column}`));
    for (const table of Object.keys(TABLES)) await sql(...untrackChangesOf(driver, table));
    await sql(...dropChangeTrackingTables(driver));
  }
}
