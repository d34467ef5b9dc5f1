import { type TenantScope, shareLock, takeLocks, tenantFrozen, together } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { ADVISORY_LOCKS } from '../database/advisory-locks';
import { served } from './tenant-directory';
import { tenantNotFound } from './tenant-resolution';
import { Tenant } from './tenant.entity';

/**
 * A tenant may be suspended or move away after one of its requests was admitted, and the directory entry that
 * admitted the request may have been a second old. So every transaction in which users write or are admitted
 * checks the tenant again, and a transaction that changes the tenant waits for those that have checked it
 * (see {@link lockTenant}). Throws the same errors as the guard.
 *
 * This is not a lock on the tenant's row, because Postgres lets transactions that take a share lock on a row
 * overtake a transaction that is waiting to change the row. A tenant that never stops writing could then
 * delay its own suspension.
 */
export async function requireStanding({ manager, tenantId }: TenantScope): Promise<Tenant> {
  const [, tenant] = await together([
    shareLock(manager, { lockClass: ADVISORY_LOCKS.tenantStanding, id: tenantId }),
    servedNow(manager, tenantId),
  ]);
  if (tenant) {
    requireActive(tenant);
    return tenant;
  }
  const left = await manager.findOneBy(Tenant, { id: tenantId });
  // The caller's next request is redirected.
  throw left?.movedTo ? tenantFrozen() : tenantNotFound();
}

/**
 * Call it before changing a tenant. Waits for the transactions that rely on the tenant's current state, and
 * makes later ones wait.
 */
export function lockTenant(manager: EntityManager, tenantId: string): Promise<void> {
  return takeLocks(manager, { lockClass: ADVISORY_LOCKS.tenantStanding, ids: [tenantId] });
}

/** Whether the tenant's users would be admitted now. */
export async function isStanding({ manager, tenantId }: TenantScope): Promise<boolean> {
  return (await servedNow(manager, tenantId))?.status === 'active';
}

export function requireActive(tenant: Tenant): void {
  if (tenant.status === 'active') return;
  throw new DomainError(
    'tenant_suspended',
    'forbidden',
    'This tenant is suspended. Ask whoever runs Atlas for you why.',
  );
}

function servedNow(manager: EntityManager, id: string): Promise<Tenant | null> {
  return manager.findOneBy(Tenant, served({ id }));
}
