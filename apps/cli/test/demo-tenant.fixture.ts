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
