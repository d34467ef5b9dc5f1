import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores the job that reopened a kept copy. The plane then
 * revokes all access granted before the copy was reopened.
 */
export class NameReopenings1700000000040 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table placements add column reopened_by ${types.uuid}`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table placements drop column reopened_by');
  }
}
