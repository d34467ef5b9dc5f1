import { isLive, isUndoing } from '../../jobs/job-facts';
import { isRestorable } from '../../parts/tenants';
import { type Job, type Tenant } from '../../parts/types';

/** What its badge says. `last` is its newest job, if that is known. */
export function stateOf(tenant: Tenant, last?: Job): string {
  const { status, restorable_until: until } = tenant;
  if (status !== 'deprovisioning' || until === null) return status;
  const isUnderWay = last !== undefined && isLive(last);
  if (isUnderWay && last.operation === 'restore') return isUndoing(last) ? 'deprovisioned' : 'restoring';
  if (isRestorable(tenant)) return 'deprovisioned';
  if (last?.operation !== 'purge') return 'not_restorable';
  return isUnderWay ? 'erasing' : 'erasing_stopped';
}
