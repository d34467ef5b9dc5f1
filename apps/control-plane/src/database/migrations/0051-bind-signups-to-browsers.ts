import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Stores which browser confirmed a sign-up, so that only that browser is shown the welcome link. */
export class BindSignupsToBrowsers1700000000051 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table signups add column browser_hash varchar');
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table signups drop column browser_hash');
  }
}
