import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** The newest version of tenant planes, as the Control Plane last said. */
export class NoteLatestVersion1700000000056 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table plane_identity add column latest_version varchar');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table plane_identity drop column latest_version');
  }
}
