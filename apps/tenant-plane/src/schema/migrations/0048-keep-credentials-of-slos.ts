import {
  type MigrationContext,
  PortableMigration,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** The headers that are sent to the Prometheus servers of SLOs, sealed. */
export class KeepCredentialsOfSlos1700000000048 extends PortableMigration {
  protected async apply({ driver, sql, types: { uuid }, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table slo_credentials (
        tenant_id ${uuid} not null, slo_id ${uuid} not null, sealed text not null,
        constraint slo_credentials_pk primary key (tenant_id, slo_id))`,
      ...trackChangesOf(driver, 'slo_credentials', ['slo_id']),
    );
    await tenantScoped('slo_credentials');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(...untrackChangesOf(driver, 'slo_credentials'), 'drop table slo_credentials');
  }
}
