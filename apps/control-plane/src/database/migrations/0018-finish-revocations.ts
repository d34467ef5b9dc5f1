import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Counts each operator's revocations, records which API key created
 * each API key, and allows one live reset link per operator.
 */
export class FinishRevocations1700000000018 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table operators add column revocations integer not null default 0',
      'alter table api_keys add column parent_id varchar',
      'create index api_keys_parent on api_keys (parent_id)',
      // If several links are live, it is unknown which one the operator was sent, so all are invalidated.
      `update operator_reset_links set ended_at = created_at where ended_at is null and operator_id in
        (select operator_id from operator_reset_links where ended_at is null
          group by operator_id having count(*) > 1)`,
      'create unique index operator_reset_links_live_uq on operator_reset_links (operator_id) where ' +
        'ended_at is null',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index operator_reset_links_live_uq',
      'drop index api_keys_parent',
      'alter table api_keys drop column parent_id',
      'alter table operators drop column revocations',
    );
  }
}
