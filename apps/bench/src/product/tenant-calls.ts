import { type PlaneProcess } from '@atlas/testing';
import { type LoadedTenant } from '../isolation/tenant-rows';

/** Calls a plane as a user of a tenant. */
export type TenantCall = <T>(method: string, path: string, body?: object) => Promise<T>;

export function tenantCall({ url }: PlaneProcess, { id, session }: LoadedTenant): TenantCall {
  const headers = {
    authorization: `Bearer ${session}`,
    'x-tenant-id': id,
    'content-type': 'application/json',
  };
  return async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await fetch(new URL(path, url), { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} returned ${answer.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  };
}
