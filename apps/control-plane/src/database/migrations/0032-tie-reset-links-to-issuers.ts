import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Ends a reset link with its issuer and the API key it was issued
 * with. Older links have no issuer, but live for a day at most.
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
