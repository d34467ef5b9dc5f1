import { type TenantScope, updateReturning } from '@atlas/persistence';
import { type ReceivedAlert } from './received-alerts';

/**
 * Sources send alerts again and again while they are firing. Locks the data source that has or had this key,
 * counts those of its alerts that have not changed, in a single statement, and returns the others. It does
 * not prove the key: the caller does so in the same transaction, which must fail if the key is refused.
 */
export async function withoutRepeated(
  { manager, tenantId }: TenantScope,
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
  const sql = manager.connection.options.type === 'postgres' ? POSTGRES : SQLITE;
  const parameters = [tenantId, keyHash, `%${keyHash}%`, now.toISOString(), JSON.stringify(sent)];
  const repeated = await updateReturning<{ fingerprint: string }>(manager, countRepeated(sql), parameters);
  if (repeated.length === 0) return received;
  const fingerprints = new Set(repeated.map(({ fingerprint }) => fingerprint));
  return received.filter(({ fingerprint }) => !fingerprints.has(fingerprint));
}

interface Dialect {
  /** The alerts in the parameter `$5`, as rows. */
  readonly sent: string;
  /** SQL for a stored time, from SQL for RFC 3339. */
  readonly time: (text: string) => string;
  readonly lock: string;
}

const POSTGRES: Dialect = {
  sent: `jsonb_to_recordset($5::jsonb) as sent (fingerprint text, labels jsonb, annotations jsonb,
    starts_at text)`,
  time: (text) => `cast(${text} as timestamptz)`,
  lock: 'for update',
};
const SQLITE: Dialect = {
  sent: `(select value ->> 'fingerprint' as fingerprint, value -> 'labels' as labels,
    value -> 'annotations' as annotations, value ->> 'starts_at' as starts_at from json_each($5)) as sent`,
  time: (text) => `strftime('%Y-%m-%d %H:%M:%f', ${text})`,
  lock: '',
};

/**
 * On SQLite, where JSON is text, alerts whose labels come in another order count as changed. SQLite numbers
 * the parameters in the order in which they appear.
 */
function countRepeated({ sent, time, lock }: Dialect): string {
  return `with source as (select tenant_id, id from data_sources where tenant_id = $1
      and (key_hash = $2 or cast(previous_keys as text) like $3) ${lock})
    update alerts set last_received_at = ${time('$4')}, count = count + 1 from source, ${sent}
    where alerts.tenant_id = source.tenant_id and alerts.source_id = source.id
      and alerts.fingerprint = sent.fingerprint
      and alerts.status = 'firing' and alerts.silence_id is null
      and alerts.labels = sent.labels and alerts.annotations = sent.annotations
      and (sent.starts_at is null or alerts.starts_at = ${time('sent.starts_at')})
    returning alerts.fingerprint as fingerprint`;
}
