import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Counts how many times a transfer has started over. A run's name now shows which run is later,
 * so `superseded` is no longer written. The column stays for processes of the previous version.
 */
export class CountGenerations1700000000031 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers add column generation integer not null default 1');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers drop column generation');
  }
}
