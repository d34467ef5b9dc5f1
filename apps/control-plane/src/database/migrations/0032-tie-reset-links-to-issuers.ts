import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * A reset link ends with whoever issued it, and with the API key they issued it with. Links from before have
 * no issuer: those live for a day at most.
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
