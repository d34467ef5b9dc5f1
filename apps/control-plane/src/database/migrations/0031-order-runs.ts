import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** The names of attempts and imports tell which is later, so the ones that were replaced need not be kept. */
export class OrderRuns1700000000031 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table transfers drop column superseded',
      'alter table transfers add column generation integer not null default 1',
    );
  }
  protected async revert({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      'alter table transfers drop column generation',
      `alter table transfers add column superseded ${types.json} not null default '[]'`,
    );
  }
}
