import { type PlaneProcess } from '@atlas/testing';
import { WholePath } from '../activate/whole-path';
import { type Bench } from '../bench';
import { inDatabase, nameOf } from '../database-url';
import { IncidentLists } from '../isolation/incident-list';
import { type LoadedTenant, loadTenants } from '../isolation/tenant-rows';
import { type LoadResult } from '../load/run-load';
import { startOfflineTenantPlane } from '../planes/offline-tenant-plane';
import { alertCalls } from '../product/alert-calls';
import { loadSources } from '../product/product-rows';
import { EmptyCalls } from '../signed/empty-calls';

export interface StartedPath {
  readonly planes: readonly PlaneProcess[];
  /** Makes the calls of one round. */
  load(): Promise<LoadResult>;
}

/** Calls that people or planes make so often that their cost matters, each measured on Postgres. */
export const HOT_PATHS: Readonly<Record<string, (bench: Bench) => Promise<StartedPath>>> = {
  async 'a shared tenant, from request to active'(bench) {
    const path = await WholePath.start(bench);
    const { stack, tenantPlane } = path.planes;
    return {
      planes: [stack.controlPlane, tenantPlane],
      load: () => path.provision({ callers: 8, count: 120 }),
    };
  },
  async 'an empty signed call'(bench) {
    const calls = await EmptyCalls.start(bench, 'postgres');
    return { planes: [calls.controlPlane], load: () => calls.signed({ callers: 32, count: 6000 }) };
  },
  async 'a list of 50 incidents'(bench) {
    const { plane, tenants } = await startWithTenants(bench, { tenants: 100, rows: 100 });
    const lists = new IncidentLists(plane.url, tenants);
    return { planes: [plane], load: () => lists.load({ callers: 8, count: 1000 }) };
  },
  async 'receiving 20 alerts'(bench) {
    const { plane, tenants, adminUrl } = await startWithTenants(bench, { tenants: 50, rows: 0 });
    const calls = alertCalls(plane.url, 20, await loadSources(adminUrl, tenants));
    return { planes: [plane], load: () => calls.load({ callers: 8, count: 200 }) };
  },
};

async function startWithTenants(
  bench: Bench,
  size: { readonly tenants: number; readonly rows: number },
): Promise<{ plane: PlaneProcess; tenants: readonly LoadedTenant[]; adminUrl: string }> {
  const database = await bench.createDatabase();
  const plane = await startOfflineTenantPlane(bench, database);
  const adminUrl = inDatabase(await bench.postgresUrl(), nameOf(database.url));
  return { plane, adminUrl, tenants: await loadTenants(adminUrl, size) };
}
