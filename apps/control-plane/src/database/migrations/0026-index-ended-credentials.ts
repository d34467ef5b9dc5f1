import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Indexes credentials by expiry, because every sweep looks for expired ones. */
export class IndexEndedCredentials1700000000026 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'create index operator_sessions_expiry_ix on operator_sessions (expires_at)',
      'create index operator_reset_links_expiry_ix on operator_reset_links (expires_at)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index operator_reset_links_expiry_ix', 'drop index operator_sessions_expiry_ix');
  }
}
