import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Which job caused this plane's copy to be served again, and whether an import has begun to replace the rows.
 */
export class EndAccessOfCopies1700000000032 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenants add column reopened_by ${types.uuid}`,
      'alter table tenants add column is_being_replaced boolean not null default false',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenants drop column is_being_replaced',
      'alter table tenants drop column reopened_by',
    );
  }
}
