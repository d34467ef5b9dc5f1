import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Names the current import of a transfer, and keeps the names it
 * replaced. An import in progress has no name yet and starts over.
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
