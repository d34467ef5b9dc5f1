import { type TenantScope, updateReturning } from '@atlas/persistence';
import { type ReceivedAlert } from './received-alerts';
import { type Dialect, dialectOf, keyParameters } from './source-of-key';

/**
 * Sources send alerts again and again while they are firing. Locks the data source that has or had this key,
 * counts those of its alerts that have not changed, in a single statement, and returns the others. It does
 * not prove the key: the caller does so in the same transaction, which must fail if the key is refused.
 */
export async function withoutRepeated(
  scope: TenantScope,
  keyHash: string,
  now: Date,
  received: readonly ReceivedAlert[],
): Promise<readonly ReceivedAlert[]> {
  const firing = received.filter(({ status }) => status === 'firing');
  if (firing.length === 0) return received;
  const sent = firing.map(({ fingerprint, labels, annotations, startsAt }) => ({
    fingerprint,
    labels,
    annotations,
    starts_at: startsAt,
  }));
  const { tenantId, manager } = scope;
  const parameters = [tenantId, ...keyParameters(keyHash), now.toISOString(), JSON.stringify(sent)];
  const sql = countRepeated(dialectOf(scope));
  const repeated = await updateReturning<{ fingerprint: string }>(manager, sql, parameters);
  if (repeated.length === 0) return received;
  const fingerprints = new Set(repeated.map(({ fingerprint }) => fingerprint));
  return received.filter(({ fingerprint }) => !fingerprints.has(fingerprint));
}

/**
 * On SQLite, where JSON is text, alerts whose labels come in another order count as changed. SQLite numbers
 * the parameters in the order in which they appear.
 */
function countRepeated({ source, sent, time }: Dialect): string {
  return `with ${source}
    update alerts set last_received_at = ${time('$4')}, count = count + 1 from source, ${sent}
    where alerts.tenant_id = source.tenant_id and alerts.source_id = source.id
      and alerts.fingerprint = sent.fingerprint
      and alerts.status = 'firing' and alerts.silence_id is null
      and alerts.labels = sent.labels and alerts.annotations = sent.annotations
      and (sent.starts_at is null or alerts.starts_at = ${time('sent.starts_at')})
    returning alerts.fingerprint as fingerprint`;
}
