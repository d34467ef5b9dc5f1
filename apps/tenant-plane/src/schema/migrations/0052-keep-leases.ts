import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** What each tenant may use, and the latest time that the plane has seen. */
export class KeepLeases1700000000052 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenants add column lease text',
      `alter table plane_identity add column latest_time ${types.timestamp}`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table plane_identity drop column latest_time', 'alter table tenants drop column lease');
  }
}
