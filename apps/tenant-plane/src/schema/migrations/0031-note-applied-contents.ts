import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** How much of each entry of the applied state is stored. Unknown if an earlier version applied the state. */
export class NoteAppliedContents1700000000031 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table plane_identity add column applied_contents varchar');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table plane_identity drop column applied_contents');
  }
}
