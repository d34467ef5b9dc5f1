import { type TenantScope, shareLock, takeLocks, tenantFrozen, together } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { ADVISORY_LOCKS } from '../database/advisory-locks';
import { served } from './tenant-directory';
import { tenantNotFound } from './tenant-resolution';
import { Tenant } from './tenant.entity';

/**
 * A tenant may be suspended or leave after one of its requests was admitted, and the answer that admitted it
 * may have been a second old. So every transaction in which users write or are admitted checks the tenant
 * again, and whatever changes the tenant waits for those that have checked: {@link lockTenant}. Throws what
 * the guard throws.
 *
 * This is not a lock on the tenant's row, because Postgres lets those who share a row overtake the one who
 * waits to change it: a tenant that never stops writing could put off its suspension.
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
 * Call it before changing a tenant. Waits for the transactions that rely on its present state, and holds up
 * later ones.
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
    'This tenant is suspended. Ask your Atlas administrator why.',
  );
}

function servedNow(manager: EntityManager, id: string): Promise<Tenant | null> {
  return manager.findOneBy(Tenant, served({ id }));
}
