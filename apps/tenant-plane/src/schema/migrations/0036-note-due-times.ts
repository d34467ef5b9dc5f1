import { type MigrationContext, PortableMigration, createDueTimes, dropDueTimes } from '@atlas/persistence';

/** When rows of tenants need attention, for a process that serves all tenants. */
export class NoteDueTimes1700000000036 extends PortableMigration {
  protected async apply({ driver, sql }: MigrationContext): Promise<void> {
    await sql(...createDueTimes(driver));
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(...dropDueTimes(driver));
  }
}
