import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** The keys of agents that are still accepted after a rotation. */
export class OverlapAgentKeys1700000000046 extends PortableMigration {
  protected async apply({ sql, types: { json } }: MigrationContext): Promise<void> {
    await sql(`alter table agents add column previous_keys ${json} not null default '[]'`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table agents drop column previous_keys');
  }
}
