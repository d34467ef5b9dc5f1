import {
  type MigrationContext,
  PortableMigration,
  addAuditChain,
  dropAppendOnly,
  dropAuditChain,
  keepAppendOnly,
} from '@atlas/persistence';

/**
 * A tenant's trail is deleted only together with all its rows, and only on a plane that is not the tenant's
 * home: after a move or a purge, or when an import starts over.
 */
const IS_ELSEWHERE = `not exists
  (select 1 from tenants where tenants.id = old.tenant_id and tenants.phase in ('serving', 'frozen'))`;

export class ChainAudit1700000000009 extends PortableMigration {
  protected async apply({ driver, sql }: MigrationContext): Promise<void> {
    const keys = ['tenant_id'];
    await sql(...addAuditChain(keys), ...keepAppendOnly(driver, { keys, deletable: IS_ELSEWHERE }));
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(...dropAppendOnly(driver), ...dropAuditChain());
  }
}
