import { createHash, randomBytes } from 'node:crypto';
import { asAdmin } from '@atlas/testing';
import { type LoadedTenant } from '../isolation/tenant-rows';

/** A UUID that is the same for the same text. */
const idOf = (text: string): string =>
  `overlay(overlay(md5($1::uuid::text || ${text}) placing '4' from 13) placing '8' from 17)::uuid`;

const ITEMS = `insert into configuration_items (tenant_id, id, name, type, attributes, created_at)
  select $1::uuid, ${idOf('n')}, 'server-' || n, 'server', '{"rack": 7}', now()
    from generate_series(0, $2::int - 1) as n`;
/** Each item needs three earlier ones, so that all items depend on the first, over many paths. */
const NEEDS = `insert into ci_relationships (tenant_id, id, from_id, to_id, type, created_at)
  select $1::uuid, ${idOf(`'edge' || n || ' ' || k`)}, ${idOf('n')}, ${idOf('target')}, 'depends_on', now()
    from generate_series(1, $2::int - 1) as n, generate_series(1, 3) as k,
      lateral (select greatest(0, n / 2 - k + 1) as target) as t
  on conflict do nothing`;

/** Loads configuration items, three relationships for each, and returns the item that all others need. */
export async function loadItems(
  databaseAdminUrl: string,
  tenantId: string,
  count: number,
): Promise<{ readonly rootId: string; readonly relationships: number }> {
  return asAdmin(databaseAdminUrl, async (client) => {
    await client.query(ITEMS, [tenantId, count]);
    await client.query(NEEDS, [tenantId, count]);
    await client.query('vacuum analyze');
    const { rows } = await client.query<{ root: string; edges: number }>(
      `select ${idOf('0')} as root, count(*)::int as edges from ci_relationships where tenant_id = $1::uuid`,
      [tenantId],
    );
    const [row] = rows;
    if (!row) throw new Error('No relationships were loaded.');
    return { rootId: row.root, relationships: row.edges };
  });
}

/** Adds a data source to each tenant, and returns their keys. */
export async function loadSources(
  databaseAdminUrl: string,
  tenants: readonly LoadedTenant[],
): Promise<readonly string[]> {
  const keys = tenants.map(({ id }) => `ads_${id}_${randomBytes(32).toString('base64url')}`);
  const hashes = keys.map((key) => createHash('sha256').update(key).digest('hex'));
  await asAdmin(databaseAdminUrl, (client) =>
    client.query(
      `insert into data_sources (tenant_id, id, name, kind, key_hash, previous_keys, group_by, window_minutes,
          enabled, created_at)
        select tenant_id, tenant_id, 'bench', 'generic', hash, '[]', '["alertname"]', 30, true, now()
          from unnest($1::uuid[], $2::text[]) as t (tenant_id, hash)`,
      [tenants.map(({ id }) => id), hashes],
    ),
  );
  return keys;
}

/** Adds an objective with a bucket for each of the last `minutes`, and returns its id. */
export async function loadBuckets(
  databaseAdminUrl: string,
  tenantId: string,
  minutes: number,
): Promise<string> {
  return asAdmin(databaseAdminUrl, async (client) => {
    await client.query(
      `insert into slos (tenant_id, id, name, objective, window_days, indicator, created_at, updated_at)
        values ($1::uuid, $1::uuid, 'Checkout', 0.999, 90, '{"kind": "events"}', now(), now())`,
      [tenantId],
    );
    await client.query(
      `insert into slo_buckets (tenant_id, id, slo_id, minute, good, total)
        select $1::uuid, ${idOf('n')}, $1::uuid, extract(epoch from now())::bigint / 60 - n, 999, 1000
          from generate_series(0, $2::int - 1) as n`,
      [tenantId, minutes],
    );
    await client.query('vacuum analyze');
    return tenantId;
  });
}

/** Gives a tenant's first or last incident a timeline of this length, and returns the incident's id. */
export async function loadTimeline(
  databaseAdminUrl: string,
  tenantId: string,
  { at, length }: { readonly at: 'asc' | 'desc'; readonly length: number },
): Promise<string> {
  return asAdmin(databaseAdminUrl, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `update incidents set timeline_length = $2::int
        where (tenant_id, id) =
          (select tenant_id, id from incidents where tenant_id = $1::uuid order by id ${at} limit 1)
        returning id`,
      [tenantId, length],
    );
    const id = rows[0]?.id ?? '';
    await client.query(
      `insert into incident_timeline (tenant_id, id, incident_id, position, at, kind, by_user, data)
        select $1::uuid, ${idOf(`$2::uuid::text || n`)}, $2::uuid, n, now(), 'note', $1::uuid,
            '{"text": "Looked at it"}'
          from generate_series(1, $3::int) as n`,
      [tenantId, id, length],
    );
    await client.query('vacuum analyze');
    return id;
  });
}
