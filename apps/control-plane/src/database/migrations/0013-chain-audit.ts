import {
  type MigrationContext,
  PortableMigration,
  addAuditChain,
  dropAppendOnly,
  dropAuditChain,
  keepAppendOnly,
} from '@atlas/persistence';

/**
 * Stores the audit chain in the rows themselves. The chain starts over,
 * because its hashes now cover the entries as the API shows them.
 */
export class ChainAudit1700000000013 extends PortableMigration {
  protected async apply({ driver, sql }: MigrationContext): Promise<void> {
    await sql('drop table audit_chain', ...addAuditChain(), ...keepAppendOnly(driver));
  }
  protected async revert({ driver, sql, types }: MigrationContext): Promise<void> {
    await sql(
      ...dropAppendOnly(driver),
      ...dropAuditChain(),
      `create table audit_chain (
        position integer not null, audit_id ${types.uuid} not null, hash varchar not null,
        constraint audit_chain_pk primary key (position), constraint audit_chain_audit_uq unique (audit_id))`,
    );
  }
}
