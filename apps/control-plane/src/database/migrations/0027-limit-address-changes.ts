import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Which changes of a plane's address are taken over, and which of its request files is the newest. */
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
