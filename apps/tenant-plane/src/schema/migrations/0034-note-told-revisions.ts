import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * The revision of the newest state that this plane has received, applied or not. Until the next state
 * arrives, the applied revision is the best estimate.
 */
export class NoteToldRevisions1700000000034 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table plane_identity add column told_revision varchar',
      'update plane_identity set told_revision = revision',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table plane_identity drop column told_revision');
  }
}
