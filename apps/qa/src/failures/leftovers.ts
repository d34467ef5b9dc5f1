import { readdirSync } from 'node:fs';
import { CELL_MODELS, CREATED_MODELS } from '@atlas/deployment-profiles';
import { eventually } from '@atlas/testing';
import { namesOnServer, processesBelow } from './machine';
import { type Scene } from './scene';

/** The models as a list for SQL. */
const listed = (models: readonly string[]): string => models.map((model) => `'${model}'`).join(', ');

/** Queries for rows of the Control Plane that should not exist. Each query should return no rows. */
const WITHOUT_REASON: Readonly<Record<string, string>> = {
  'job that neither succeeded nor was cancelled': `
    select id from provisioning_jobs where status not in ('succeeded', 'cancelled')`,
  'finished job with a lease': `
    select id from provisioning_jobs where finished_at is not null and lease_owner is not null`,
  'place held by a removed tenant': `
    select p.tenant_id as id from placements p join tenants t on t.id = p.tenant_id
    where p.holds_place and (t.status = 'deleted' or t.restorable_until is not null)`,
  'place held for a finished move': `
    select tenant_id as id from placements where holds_place and phase in ('importing', 'frozen')`,
  'wrong count of places': `
    select id from tenant_planes tp
    where placed <> (select count(*) from placements p where p.tenant_plane_id = tp.id and p.holds_place)`,
  'tenant plane without a tenant': `
    select id from tenant_planes tp
    where deployment_model not in (${listed(CELL_MODELS)}) and status <> 'retired'
      and coalesce(pool_state, '') <> 'pooled'
      and not exists (
      select 1 from placements p where p.tenant_plane_id = tp.id and (p.holds_place
        or p.remove_after is not null))`,
  'valid token for a plane that is not waiting to enrol': `
    select k.id from provisioning_tokens k join tenant_planes p on p.id = k.tenant_plane_id
    where k.revoked_at is null and k.consumed_at is null and p.status <> 'expected'`,
  'valid secret of a retired plane': `
    select k.id from service_keys k join tenant_planes p on p.id = k.tenant_plane_id
    where k.revoked_at is null and p.status = 'retired'`,
  'plane with more than one active secret': `
    select tenant_plane_id as id from service_keys where revoked_at is null and activated_at is not null
    group by tenant_plane_id having count(*) > 1`,
  'unfinished transfer': `select id from transfers where ended_at is null`,
  'database URL of a deleted tenant': `
    select id from tenants where status = 'deleted' and db_url_sealed is not null`,
  'slug assigned to two tenants': `
    select max(slug) as id from tenants where holds_slug group by slug having count(*) > 1`,
};

/**
 * What an operation has left behind in the Control Plane's rows, on this machine and on the database server.
 * Empty if nothing is left.
 */
export async function leftovers(scene: Scene): Promise<string[]> {
  let found: string[] = [];
  const isClean = async (): Promise<boolean> => {
    found = [
      ...(await rowsLeft(scene)),
      ...(await tenantsLeftInCell(scene)),
      ...(await infrastructureLeft(scene)),
    ];
    return found.length === 0;
  };
  // Processes need a moment to stop.
  await eventually(isClean, { timeoutMs: 15_000, everyMs: 200 }).catch(() => undefined);
  return found;
}

async function rowsLeft({ control }: Scene): Promise<string[]> {
  const found: string[] = [];
  for (const [what, sql] of Object.entries(WITHOUT_REASON))
    for (const { id } of await control.query<{ id: string }>(sql)) found.push(`${what}: ${id}`);
  return found;
}

/** Rows in the cell that belong to tenants that have neither a place in the cell nor an old copy there. */
async function tenantsLeftInCell({ control, cell }: Scene): Promise<string[]> {
  const elsewhere = await control.query<{ id: string }>(
    `select id from tenants t where not exists (
      select 1 from placements p join tenant_planes c on c.id = p.tenant_plane_id
      where p.tenant_id = t.id and c.deployment_model in (${listed(CELL_MODELS)}) and (p.holds_place
        or p.remove_after is not null))`,
  );
  const found: string[] = [];
  for (const { id } of elsewhere)
    found.push(...(await cell.of(id)).map((row) => `row of tenant ${id} in the cell: ${row.split(' ')[0]}`));
  return found;
}

/**
 * Every plane created by Atlas must have a record, a folder, a process and, on Postgres, a database and a
 * role. There must be no others.
 */
async function infrastructureLeft(scene: Scene): Promise<string[]> {
  const rows = await scene.control.query<{ name: string }>(
    `select name from tenant_planes
    where deployment_model in (${listed(CREATED_MODELS)}) and status <> 'retired'`,
  );
  const wanted = rows.map(({ name }) => `atlas_${name.replaceAll('-', '_')}`);
  const recorded = await scene.control.query<{ name: string }>('select name from local_planes');
  const found: Record<string, string[]> = {
    row: recorded.map(({ name }) => name),
    process: processesBelow(scene.folder).map(({ name }) => name),
    folder: readdirSync(scene.folder).filter((name) => name.startsWith('atlas_')),
  };
  if (scene.isPostgres) {
    const { databases, roles } = await namesOnServer(scene.prefix, await scene.pooledNames());
    Object.assign(found, { database: databases, role: roles });
  }
  return Object.entries(found).flatMap(([what, names]) => difference(what, wanted, names));
}

function difference(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  const orphans = found.filter((name, at) => !wanted.includes(name) || found.indexOf(name) !== at);
  const missing = wanted.filter((name) => !found.includes(name));
  return [...orphans.map((name) => `orphan ${what} ${name}`), ...missing.map((name) => `no ${what} ${name}`)];
}
