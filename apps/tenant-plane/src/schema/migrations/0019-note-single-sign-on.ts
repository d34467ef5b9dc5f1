import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Records whether the tenant's identity provider opened a session, so that the session ends with it. */
export class NoteSingleSignOn1700000000019 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table sessions add column is_single_sign_on ${types.boolean} not null default false`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table sessions drop column is_single_sign_on');
  }
}
