import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores which job reopened a kept copy, so that the plane
 * can revoke all access granted before the reopening.
 */
export class NameReopenings1700000000040 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table placements add column reopened_by ${types.uuid}`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table placements drop column reopened_by');
  }
}
