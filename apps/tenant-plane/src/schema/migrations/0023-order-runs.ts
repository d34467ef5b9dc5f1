import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** When the newest transfer run began, so that the next run can be given a later time. */
export class OrderRuns1700000000023 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table tenants add column run_begun_at ${types.timestamp}`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenants drop column run_begun_at');
  }
}
