import { type TenantScope, updateReturning } from '@atlas/persistence';
import { dayOf } from '../entitlements/count-usage';
import { type Dialect, dialectOf, keyParameters } from './source-of-key';

/**
 * Does what `countUsage` does, but in the message that proves the key, so that it takes no round trip.
 * Returns false if no alerts of the data source have been counted today yet: then nothing is counted. Locks
 * the data source first, as all of a request's statements do, so that two requests never deadlock.
 */
export async function addToCounted(
  scope: TenantScope,
  keyHash: string,
  { amount, at }: { readonly amount: number; readonly at: Date },
): Promise<boolean> {
  if (amount === 0) return true;
  const parameters = [scope.tenantId, ...keyParameters(keyHash), amount, at.toISOString(), dayOf(at)];
  return (await updateReturning(scope.manager, add(dialectOf(scope)), parameters)).length > 0;
}

function add({ source, time }: Dialect): string {
  return `with ${source}
    update usage_days set amount = amount + $4, report_at = coalesce(report_at, ${time('$5')}) from source
    where usage_days.tenant_id = source.tenant_id and usage_days.day = $6
      and usage_days.meter = 'alerts' and usage_days.part = cast(source.id as varchar)
    returning usage_days.id as id`;
}
