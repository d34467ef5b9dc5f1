import { type TenantScope } from '@atlas/persistence';

/** How the statements that take alerts differ between the databases. */
export interface Dialect {
  /** The alerts in the parameter `$5`, as rows. */
  readonly sent: string;
  /** SQL for a stored time, from SQL for RFC 3339. */
  readonly time: (text: string) => string;
  /**
   * A common table expression that locks the data source that has or had a key: `$1` is the tenant, `$2` and
   * `$3` are what {@link keyParameters} returns. It does not prove the key: the caller does so in the same
   * transaction, which must fail if the key is refused.
   */
  readonly source: string;
}

const POSTGRES: Dialect = {
  sent: `jsonb_to_recordset($5::jsonb) as sent (fingerprint text, labels jsonb, annotations jsonb,
    starts_at text)`,
  time: (text) => `cast(${text} as timestamptz)`,
  source: sourceOfKey('for update'),
};
const SQLITE: Dialect = {
  sent: `(select value ->> 'fingerprint' as fingerprint, value -> 'labels' as labels,
    value -> 'annotations' as annotations, value ->> 'starts_at' as starts_at from json_each($5)) as sent`,
  time: (text) => `strftime('%Y-%m-%d %H:%M:%f', ${text})`,
  source: sourceOfKey(''),
};

export function dialectOf({ manager }: TenantScope): Dialect {
  return manager.connection.options.type === 'postgres' ? POSTGRES : SQLITE;
}

export function keyParameters(keyHash: string): readonly [string, string] {
  return [keyHash, `%${keyHash}%`];
}

function sourceOfKey(lock: string): string {
  return `source as (select tenant_id, id from data_sources where tenant_id = $1
    and (key_hash = $2 or cast(previous_keys as text) like $3) ${lock})`;
}
