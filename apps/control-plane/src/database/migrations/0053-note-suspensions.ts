import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class NoteSuspensions1700000000053 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenants add column suspended_at ${types.timestamp}`,
      'alter table tenants add column suspension_reason varchar',
    );
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenants drop column suspension_reason',
      'alter table tenants drop column suspended_at',
    );
  }
}
