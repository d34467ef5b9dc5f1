import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class KeepLeaseFiles1700000000061 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenants add column leased_until ${types.timestamp}`,
      `alter table tenants add column leased_until_on ${types.uuid}`,
      `alter table tenants add column told_ending_of ${types.timestamp}`,
    );
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenants drop column told_ending_of',
      'alter table tenants drop column leased_until_on',
      'alter table tenants drop column leased_until',
    );
  }
}
