import { type Client } from 'pg';
import { copyRow, sqlOfCopiedId as id } from './copied-rows';

const CELLS = 100;

/** A few tenants have each of the rarer statuses, however many tenants there are; 95 % are active. */
const STATUS = `case when n <= 2 then 'failed' when n <= 4 then 'provisioning' when n <= 6 then 'suspended'
  when n <= 8 then 'deprovisioning' when n <= 10 or n % 50 = 0 then 'deleted'
  when n % 40 = 0 then 'suspended' else 'active' end`;
const MODEL = `case when n between 11 and 13 then 'dedicated' when n between 14 and 16 then 'on_prem'
  when n between 17 and 19 then 'hybrid' else 'shared' end`;
const NAMES = { slug: "'grown-' || n", name: "'Grown ' || n", admin_email: "'admin@grown-' || n" };

export interface Originals {
  readonly tenantId: string;
  readonly jobId: string;
  /** The plane whose cells are copied. It gets the first tenant of each hundred, too. */
  readonly cellId: string;
}

/** Fills a Control Plane's database with copies of the rows that it wrote for one tenant. */
export async function copyTenants(
  client: Client,
  { tenantId, jobId, cellId }: Originals,
  count: number,
): Promise<void> {
  const copy = (table: string, where: string, copies: number, own: Readonly<Record<string, string>>) =>
    copyRow(client, { table, where, copies, own });
  const tenant_id = id('n');
  const cell = `case when n % ${CELLS} = 0 then '${cellId}' else ${id(`n % ${CELLS}`)} end`;
  await copy('tenant_planes', `id = '${cellId}'`, CELLS - 1, {
    id: id('n'),
    name: "'grown-' || n",
    accepts_tenants: 'false',
  });
  await copy('tenants', `id = '${tenantId}'`, count, {
    ...NAMES,
    id: tenant_id,
    status: STATUS,
    deployment_model: MODEL,
  });
  await copy('placements', `tenant_id = '${tenantId}'`, count, { tenant_id, tenant_plane_id: cell });
  await copy('provisioning_jobs', `id = '${jobId}'`, count, {
    id: id('4 * n'),
    tenant_id,
    status: "case when n <= 2 or n % 30 = 0 then 'failed' when n <= 4 then 'cancelled' else 'succeeded' end",
  });
  // Each failed job but two was followed by another.
  const operation = "case when n % 30 <> 0 then 'suspend' else 'deprovision' end";
  const later = { id: id('4 * n + 1'), tenant_id, operation, status: "'succeeded'" };
  await copy('provisioning_jobs', `id = '${jobId}'`, count, later);
  await client.query(`delete from provisioning_jobs where id in (select ${id('4 * n + 1')}
    from generate_series(1, ${count}) n where n <= 4 or n % 30 <> 0 and n % 40 <> 0)`);
  const sealed = '(select max(position) from audit_events)';
  for (const k of [0, 1, 2])
    await copy('audit_events', `target_id = '${tenantId}' and position is not null`, count, {
      id: id(`4 * n + ${k}`),
      position: `${sealed} + n`,
      target_id: `${tenant_id}::varchar`,
      action: k === 2 ? "case when n <= 5 then 'tenant.rare' else 'tenant.updated' end" : 't.action',
    });
  await client.query('vacuum analyze');
}
