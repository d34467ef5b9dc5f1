import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Records whether a session comes from the tenant's identity provider, so that removing the provider revokes
 * the session.
 */
export class NoteSingleSignOn1700000000019 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table sessions add column is_single_sign_on ${types.boolean} not null default false`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table sessions drop column is_single_sign_on');
  }
}
