import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Indexes that the sweep uses to find expired rows. */
export class IndexOldSessions1700000000020 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'create index sessions_age_ix on sessions (tenant_id, created_at)',
      'create index user_tokens_expiry_ix on user_tokens (tenant_id, expires_at)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index user_tokens_expiry_ix', 'drop index sessions_age_ix');
  }
}
