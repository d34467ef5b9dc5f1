import { createHash, randomBytes } from 'node:crypto';
import { asAdmin } from '@atlas/testing';
import { uuidv7 } from '@atlas/tenancy';

/** A tenant with rows, and the session of one of its users. */
export interface LoadedTenant {
  readonly id: string;
  readonly session: string;
}

const TENANTS = `insert into tenants (id, slug, name, status, plan, admin_email, phase, entry_revision,
  reported_revision)
  select id, 'bench-' || n, 'Tenant ' || n, 'active', 'core', 'admin@bench-' || n || '.example.com',
    'serving', n, n
    from unnest($1::uuid[]) with ordinality as t (id, n)`;
const USERS = `insert into users (tenant_id, id, email, name, role, password_hash, is_first, created_at)
  select tenant_id, tenant_id, 'admin@example.com', 'Admin', 'admin', '-', true,
    now() from unnest($1::uuid[]) as t (tenant_id)`;
const SESSIONS = `insert into sessions
    (tenant_id, id, user_id, token_hash, refresh_hash, created_at, expires_at, refresh_expires_at)
  select tenant_id, tenant_id, tenant_id, hash, hash, now(), now() + interval '1 day',
    now() + interval '1 day'
    from unnest($1::uuid[], $2::text[]) as t (tenant_id, hash)`;
/**
 * Inserts one row for each tenant in turn, as rows would arrive over the years, so that a tenant's newest
 * rows are stored far apart. Ids are UUIDv7.
 */
const INCIDENTS = `insert into incidents
    (tenant_id, id, number, title, description, severity, status, created_by, created_at, updated_at)
  select tenant_id, overlay(overlay(overlay(md5(tenant_id::text || n)
           placing lpad(to_hex(1700000000000 + n * 1000), 12, '0') from 1)
           placing '7' from 13) placing '8' from 17)::uuid,
         'INC-' || lpad(n::text, 8, '0'), 'Disk is full on web-' || n,
           repeat('The volume has no room left. ', 4),
         'P' || 1 + n % 5, 'open', tenant_id, now(), now()
    from generate_series(1, $2::int) as n, unnest($1::uuid[]) as t (tenant_id)`;

/** Fills a migrated Tenant Plane database as a superuser, because superusers bypass row-level security. */
export async function loadTenants(
  databaseAdminUrl: string,
  { tenants, rows }: { readonly tenants: number; readonly rows: number },
): Promise<readonly LoadedTenant[]> {
  const loaded = Array.from({ length: tenants }, () => newTenant(uuidv7()));
  const ids = loaded.map(({ id }) => id);
  const hashes = loaded.map(({ session }) => createHash('sha256').update(session).digest('hex'));
  await asAdmin(databaseAdminUrl, async (client) => {
    await client.query(TENANTS, [ids]);
    await client.query(USERS, [ids]);
    await client.query(SESSIONS, [ids, hashes]);
    await client.query(INCIDENTS, [ids, rows]);
    await client.query('vacuum analyze');
  });
  return loaded;
}

function newTenant(id: string): LoadedTenant {
  return { id, session: `atu_${id}_${randomBytes(32).toString('base64url')}` };
}
