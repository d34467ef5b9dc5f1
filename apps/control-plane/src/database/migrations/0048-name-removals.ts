import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores the job that has begun to remove a tenant plane.
 * Until the removal begins, the job can be rolled back.
 */
export class NameRemovals1700000000048 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table placements add column removed_by ${types.uuid}`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table placements drop column removed_by');
  }
}
