import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** How many times a user's access was revoked. */
export class CountRevocations1700000000014 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table users add column credentials_epoch integer not null default 0');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table users drop column credentials_epoch');
  }
}
