import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Which of a tenant's sign-up links are revoked, and which links that were created for an earlier home are
 * valid here.
 */
export class TellSignupLinks1700000000024 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table tenants add column signup_links ${types.json}`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenants drop column signup_links');
  }
}
