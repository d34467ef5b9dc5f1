import { type DevStack } from '../src/stack/dev-stack-file';

/** A request of the demo tenant's admin about incidents. */
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
