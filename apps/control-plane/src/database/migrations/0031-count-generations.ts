import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Counts how often a transfer started over. Names show which run is later, so
 * `superseded` is no longer written; it stays for processes of the previous version.
 */
export class CountGenerations1700000000031 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers add column generation integer not null default 1');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers drop column generation');
  }
}
