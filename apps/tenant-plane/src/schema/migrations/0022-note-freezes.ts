import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** When a tenant's writes were paused. */
export class NoteFreezes1700000000022 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table tenants add column frozen_at ${types.timestamp}`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenants drop column frozen_at');
  }
}
