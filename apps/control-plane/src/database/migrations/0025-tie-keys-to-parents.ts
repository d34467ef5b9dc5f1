import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Makes the parent of an API key a foreign key. This requires a new
 * column, because SQLite cannot add a constraint to an existing column.
 */
export class TieKeysToParents1700000000025 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index api_keys_parent',
      'alter table api_keys add column maker_id varchar constraint api_keys_parent_fk references ' +
        'api_keys (id)',
      'update api_keys set maker_id = parent_id where parent_id in (select id from api_keys)',
      'alter table api_keys drop column parent_id',
      'alter table api_keys rename column maker_id to parent_id',
      'create index api_keys_parent on api_keys (parent_id)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index api_keys_parent',
      'alter table api_keys add column maker_id varchar',
      'update api_keys set maker_id = parent_id',
      'alter table api_keys drop column parent_id',
      'alter table api_keys rename column maker_id to parent_id',
      'create index api_keys_parent on api_keys (parent_id)',
    );
  }
}
