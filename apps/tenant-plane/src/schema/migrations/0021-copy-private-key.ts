import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * The plane's private key, sealed under additional secrets. The existing column stays, so that the previous
 * version can still read it.
 */
export class CopyPrivateKey1700000000021 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table plane_identity add column private_key_copies ${types.json} not null default '[]'`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table plane_identity drop column private_key_copies');
  }
}
