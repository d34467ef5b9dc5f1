import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** What keeps agents going while their key is rotated, or their tenant moves: the old keys and the new address. */
export class KeepAgentsGoing1700000000046 extends PortableMigration {
  protected async apply({ sql, types: { json } }: MigrationContext): Promise<void> {
    await sql(
      `alter table agents add column previous_keys ${json} not null default '[]'`,
      'alter table tenants add column moving_to varchar',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenants drop column moving_to', 'alter table agents drop column previous_keys');
  }
}
