import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** What tells a restored plane from the one that was backed up, and whether this is an outdated copy. */
export class NameIncarnations1700000000059 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table plane_identity add column incarnation ${types.uuid}`,
      `alter table plane_identity add column restored_from ${types.uuid}`,
      `alter table plane_identity add column copy_noticed_at ${types.timestamp}`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    for (const column of ['copy_noticed_at', 'restored_from', 'incarnation'])
      await sql(`alter table plane_identity drop column ${column}`);
  }
}
