import { type MigrationContext, PortableMigration } from '@atlas/persistence';

const INDEXES = {
  signups_verified_ix: 'signups (id) where verified_at is not null',
  signups_unverified_ix: 'signups (id) where verified_at is null',
};

/** Serves the list of sign-ups by status. */
export class IndexSignUps1700000000052 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    for (const [name, on] of Object.entries(INDEXES)) await sql(`create index ${name} on ${on}`);
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    for (const name of Object.keys(INDEXES)) await sql(`drop index ${name}`);
  }
}
