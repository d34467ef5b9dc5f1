import {
  type MigrationContext,
  PortableMigration,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** The AI that a tenant runs or pays for itself, with its key, sealed. */
export class KeepAiEndpoints1700000000058 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { timestamp, uuid } = types;
    await sql(
      `create table ai_endpoints (
        tenant_id ${uuid} not null, kind varchar not null, base_url varchar not null, model varchar not null,
        used_as varchar not null, timeout_seconds integer not null, sealed_key text,
        changed_at ${timestamp} not null,
        constraint ai_endpoints_pk primary key (tenant_id, kind))`,
      ...trackChangesOf(driver, 'ai_endpoints', ['kind']),
    );
    await tenantScoped('ai_endpoints');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(...untrackChangesOf(driver, 'ai_endpoints'), 'drop table ai_endpoints');
  }
}
