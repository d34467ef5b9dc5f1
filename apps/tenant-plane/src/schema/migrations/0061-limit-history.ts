import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** How long each tenant's history is kept, and how far it was swept. */
export class LimitHistory1700000000061 extends PortableMigration {
  protected async apply({ sql, types: { timestamp } }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenants add column retention_days integer',
      `alter table tenants add column retention_from ${timestamp}`,
      `alter table tenants add column history_swept_until ${timestamp}`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    for (const column of ['history_swept_until', 'retention_from', 'retention_days'])
      await sql(`alter table tenants drop column ${column}`);
  }
}
