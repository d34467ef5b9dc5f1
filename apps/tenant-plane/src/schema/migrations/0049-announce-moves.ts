import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Where a tenant will be served once its move cuts over. */
export class AnnounceMoves1700000000049 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenants add column moving_to varchar');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenants drop column moving_to');
  }
}
