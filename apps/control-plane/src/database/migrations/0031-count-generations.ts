import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Counts how many times a transfer has started over. The names of imports now show which import is newer,
 * so the column `superseded` is no longer written. It is kept for processes of the previous version.
 */
export class CountGenerations1700000000031 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers add column generation integer not null default 1');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers drop column generation');
  }
}
