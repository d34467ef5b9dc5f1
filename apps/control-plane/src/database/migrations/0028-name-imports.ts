import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores the name of a transfer's current import, and the names of the imports
 * that it superseded. Imports in progress have no name yet, so they start over.
 */
export class NameImports1700000000028 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      'alter table transfers add column importer varchar',
      `alter table transfers add column superseded ${types.json} not null default '[]'`,
      'update transfers set imported = 0 where ended_at is null',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers drop column superseded', 'alter table transfers drop column importer');
  }
}
