import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores which backup a restored tenant must be served from, which instance imported
 * that backup, and whether the plane has reported the imported rows as missing.
 */
export class RequireCopies1700000000037 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table placements add column restored_from ${types.uuid}`,
      `alter table placements add column imported_by ${types.uuid}`,
      'alter table placements add column reported_code varchar',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table placements drop column reported_code',
      'alter table placements drop column imported_by',
      'alter table placements drop column restored_from',
    );
  }
}
