import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Records who sent an invitation, because the invitation is cancelled when its sender is no longer allowed to
 * invite users.
 */
export class EndInvitations1700000000030 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table users add column invited_by ${types.uuid}`,
      `alter table users add column invitation_ended_at ${types.timestamp}`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table users drop column invitation_ended_at',
      'alter table users drop column invited_by',
    );
  }
}
