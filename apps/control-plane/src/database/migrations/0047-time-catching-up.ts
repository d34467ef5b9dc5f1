import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores when a transfer started sending changes. For a transfer
 * already in progress, the time is set when it next sends changes.
 */
export class TimeCatchingUp1700000000047 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table transfers add column following_since ${types.timestamp}`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers drop column following_since');
  }
}
