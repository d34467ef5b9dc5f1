import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Stores the address and health that planes report. */
export class FollowAddresses1700000000019 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes add column reported_endpoint_url varchar',
      'alter table tenant_planes add column previous_endpoint_url varchar',
      `alter table tenant_planes add column endpoint_returned_at ${types.timestamp}`,
      'alter table tenant_planes add column health_status varchar',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes drop column health_status',
      'alter table tenant_planes drop column endpoint_returned_at',
      'alter table tenant_planes drop column previous_endpoint_url',
      'alter table tenant_planes drop column reported_endpoint_url',
    );
  }
}
