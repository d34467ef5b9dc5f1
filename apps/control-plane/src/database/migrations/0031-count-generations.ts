import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * How often a transfer began anew. The names of runs tell which is later, so `superseded` is no longer
 * written; it stays for processes of the version before.
 */
export class CountGenerations1700000000031 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers add column generation integer not null default 1');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers drop column generation');
  }
}
