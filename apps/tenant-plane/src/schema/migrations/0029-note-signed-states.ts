import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * When the Control Plane signed the newest applied state. For a state that was applied before this migration,
 * the last contact is the best estimate.
 */
export class NoteSignedStates1700000000029 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table plane_identity add column state_signed_at ${types.timestamp}`,
      'update plane_identity set state_signed_at = last_contact_at',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table plane_identity drop column state_signed_at');
  }
}
