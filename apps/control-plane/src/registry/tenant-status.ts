import { type RowValues, updateRows } from '@atlas/persistence';
import { TENANT_STATUSES, type TenantStatus, canTransition } from '@atlas/tenancy';
import { type EntityManager, In } from 'typeorm';
import { Tenant } from './tenant.entity';

/**
 * The only way to change a tenant's status. It follows TENANT_TRANSITIONS
 * and changes the status and related columns in one statement. It is not an
 * error if the tenant already has the status, because steps may run twice.
 * @throws Error if the tenant cannot change from its current status to the new one
 */
export async function changeTenantStatus(
  manager: EntityManager,
  id: string,
  status: TenantStatus,
  changes: RowValues<Omit<Tenant, 'id' | 'status'>> = {},
): Promise<void> {
  const from = TENANT_STATUSES.filter((one) => one === status || canTransition(one, status));
  const affected = await updateRows(manager, Tenant, { id, status: In(from) }, { ...changes, status });
  if (affected === 0) throw new Error(`Tenant ${id} cannot change from its current status to ${status}.`);
}
