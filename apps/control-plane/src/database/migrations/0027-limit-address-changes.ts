import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Counts the address changes that were not adopted because a plane had reached
 * its limit, and stores when the plane's newest request file was signed.
 */
export class LimitAddressChanges1700000000027 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes add column address_changes_left_out integer not null default 0',
      `alter table tenant_planes add column requested_at ${types.timestamp}`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes drop column requested_at',
      'alter table tenant_planes drop column address_changes_left_out',
    );
  }
}
