import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Which restore of a plane counts, and which copies it has replaced. */
export class NoteIncarnations1700000000059 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenant_planes add column incarnation ${types.uuid}`,
      `alter table tenant_planes add column replaced_incarnations ${types.json} not null default '[]'`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    for (const column of ['replaced_incarnations', 'incarnation'])
      await sql(`alter table tenant_planes drop column ${column}`);
  }
}
