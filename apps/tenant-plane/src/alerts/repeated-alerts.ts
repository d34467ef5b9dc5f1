import { type TenantScope, updateReturning } from '@atlas/persistence';
import { type ReceivedAlert } from './received-alerts';

/**
 * Sources send alerts again and again while they are firing. Counts those that have not changed, in a single
 * statement, and returns the others. The caller has locked the data source.
 */
export async function withoutRepeated(
  { manager, tenantId }: TenantScope,
  sourceId: string,
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
  const parameters = [now.toISOString(), JSON.stringify(sent), tenantId, sourceId];
  const repeated = await updateReturning<{ fingerprint: string }>(manager, countRepeated(sql), parameters);
  if (repeated.length === 0) return received;
  const fingerprints = new Set(repeated.map(({ fingerprint }) => fingerprint));
  return received.filter(({ fingerprint }) => !fingerprints.has(fingerprint));
}

interface Dialect {
  /** The alerts in the parameter `$2`, as rows. */
  readonly sent: string;
  /** SQL for a stored time, from SQL for RFC 3339. */
  readonly time: (text: string) => string;
}

const POSTGRES: Dialect = {
  sent: `jsonb_to_recordset($2::jsonb) as sent (fingerprint text, labels jsonb, annotations jsonb,
    starts_at text)`,
  time: (text) => `cast(${text} as timestamptz)`,
};
const SQLITE: Dialect = {
  sent: `(select value ->> 'fingerprint' as fingerprint, value -> 'labels' as labels,
    value -> 'annotations' as annotations, value ->> 'starts_at' as starts_at from json_each($2)) as sent`,
  time: (text) => `strftime('%Y-%m-%d %H:%M:%f', ${text})`,
};

/**
 * On SQLite, where JSON is text, alerts whose labels come in another order count as changed. SQLite numbers
 * the parameters in the order in which they appear.
 */
function countRepeated({ sent, time }: Dialect): string {
  return `update alerts set last_received_at = ${time('$1')}, count = count + 1 from ${sent}
    where alerts.tenant_id = $3 and alerts.source_id = $4 and alerts.fingerprint = sent.fingerprint
      and alerts.status = 'firing' and alerts.silence_id is null
      and alerts.labels = sent.labels and alerts.annotations = sent.annotations
      and (sent.starts_at is null or alerts.starts_at = ${time('sent.starts_at')})
    returning alerts.fingerprint as fingerprint`;
}
