import { type TenantScope, takeLocks } from '@atlas/persistence';
import { ADVISORY_LOCKS } from './advisory-locks';

/**
 * Call it before reading a policy of the tenant that is about to change, so that the audit trail shows what
 * each change has replaced. A policy that has not been set yet has no rows that could be locked. Also before
 * counting rows of which a tenant may have only so many.
 */
export function lockPolicies({ manager, tenantId }: TenantScope): Promise<void> {
  return takeLocks(manager, { lockClass: ADVISORY_LOCKS.policies, ids: [tenantId] });
}
