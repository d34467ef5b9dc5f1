import { readFileSync } from 'node:fs';
import { type DevStack } from '../src/stack/dev-stack-file';
import { type ListedProcess } from '../src/stack/process-list';
import { until } from '../src/stack/until';

/** Sends an incident request as the demo tenant's admin. */
export async function inDemo(
  { tenant_plane: plane, demo_tenant: demo }: DevStack,
  method: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = {
    'x-tenant-id': demo.slug,
    authorization: `Bearer ${demo.token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(`${plane.url}/api/incidents`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const LISTS = {
  items: 'cmdb/items',
  relationships: 'cmdb/relationships',
  sources: 'data-sources',
  alerts: 'alerts',
  firing: 'alerts?status=firing',
  incidents: 'incidents',
  open: 'incidents?status=open',
  investigating: 'incidents?status=investigating',
  closed: 'incidents?status=closed',
  runbooks: 'runbooks',
  runs: 'automation/jobs',
  finished: 'automation/jobs?status=succeeded',
  waiting: 'automation/jobs?status=waiting_approval',
  agents: 'agents',
  objectives: 'slos',
  silences: 'silences',
} as const;

/** Tries to approve the waiting step as the demo tenant's admin. Returns the code of the answer. */
export async function approveInDemo({ tenant_plane: plane, demo_tenant: demo }: DevStack): Promise<unknown> {
  const headers = {
    'x-tenant-id': demo.slug,
    authorization: `Bearer ${demo.token}`,
    'content-type': 'application/json',
  };
  const jobs = `${plane.url}/api/automation/jobs`;
  const waiting = await fetch(`${jobs}?status=waiting_approval`, { headers });
  const { items } = (await waiting.json()) as {
    items: { id: string; steps: { name: string; status: string }[] }[];
  };
  const step = items[0]?.steps.find(({ status }) => status === 'waiting_approval')?.name;
  const body = JSON.stringify({ step });
  const answer = await fetch(`${jobs}/${items[0]?.id}/approve`, { method: 'POST', headers, body });
  return ((await answer.json()) as { code?: string }).code;
}

interface Listed {
  readonly id: string;
  readonly status?: string;
}

/** How much of everything the demo tenant has, and all that its first objective and incidents tell. */
export async function contentOf({ tenant_plane: plane, demo_tenant: demo }: DevStack) {
  const headers = { 'x-tenant-id': demo.slug, authorization: `Bearer ${demo.token}` };
  const get = async <T>(path: string): Promise<T> =>
    (await fetch(`${plane.url}/api/${path}`, { headers })).json() as Promise<T>;
  const list = async (path: string): Promise<readonly Listed[]> =>
    (await get<{ items: Listed[] }>(`${path}${path.includes('?') ? '&' : '?'}limit=200`)).items;
  const counts: Record<string, number> = {};
  for (const [name, path] of Object.entries(LISTS)) counts[name] = (await list(path)).length;
  for (const { id, status } of await list('incidents'))
    counts[`timeline of ${status}`] = (await list(`incidents/${id}/timeline`)).length;
  const [objective] = await list('slos');
  return { counts, objective: await get<Record<string, unknown>>(`slos/${objective?.id}/status`) };
}

/** Provisions a dedicated tenant, and returns its processes on this machine. */
export async function dedicatedTenant(
  { control_plane: { url, api_key: key } }: DevStack,
  processesFile: string,
): Promise<ListedProcess[]> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({
    name: 'Dedicated Inc',
    slug: 'dedicated-inc',
    deployment_model: 'dedicated',
    admin_email: 'admin@dedicated.example.com',
  });
  await fetch(`${url}/api/tenants/provision`, { method: 'POST', headers, body });
  const isActive = async (): Promise<true | undefined> => {
    const answer = await fetch(`${url}/api/tenants/dedicated-inc`, { headers });
    return ((await answer.json()) as { status?: string }).status === 'active' || undefined;
  };
  await until(isActive, { seconds: 30, complaint: 'The dedicated tenant did not become active' });
  return JSON.parse(readFileSync(processesFile, 'utf8')) as ListedProcess[];
}
