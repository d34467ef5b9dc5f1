import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Ties a reset link to its issuer and to the API key that it was issued with. If the issuer loses access or
 * the key is revoked, the link is invalidated. Older links have no issuer, but are valid for at most a day.
 */
export class TieResetLinksToIssuers1700000000032 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table operator_reset_links add column issued_by ${types.uuid}
        constraint operator_reset_links_issuer_fk references operators (id)`,
      `alter table operator_reset_links add column issued_with varchar
        constraint operator_reset_links_key_fk references api_keys (id)`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table operator_reset_links drop column issued_with',
      'alter table operator_reset_links drop column issued_by',
    );
  }
}
