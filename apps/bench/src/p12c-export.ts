import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type PlaneProcess, asAdmin } from '@atlas/testing';
import { type Bench } from './bench';
import { builtExports } from './built-app';
import { inDatabase, nameOf } from './database-url';
import { loadTenants } from './isolation/tenant-rows';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { type LoadResult, describeLoad } from './load/run-load';
import { medianRatio } from './load/statistics';
import { Observation } from './planes/observation';
import { startOfflineTenantPlane } from './planes/offline-tenant-plane';
import { compressedCopy } from './product/compressed-copy';
import { loadHistory } from './product/incident-history';
import { type TenantCall, tenantCall } from './product/tenant-calls';
import { atLeast, type Goal } from './goal';

/** Rarely enough that the questions cost nothing. The times are those that the plane records. */
const POLL_MS = 250;
const TABLES = ['incidents', 'incident_timeline'];

export const P12C_EXPORT: Line = {
  name: 'P12c',
  title: "exporting a tenant's rows: rate as a share of COPY through the same compression",
  measure: measureExport,
};

interface ExportView {
  readonly id: string;
  readonly status: string;
  readonly created_at: string;
  readonly finished_at: string;
  readonly rows: number;
  readonly size_bytes: number;
}

async function measureExport(bench: Bench): Promise<readonly Goal[]> {
  const database = await bench.createDatabase();
  const databaseAdminUrl = inDatabase(await bench.postgresUrl(), nameOf(database.url));
  const plane = await startOfflineTenantPlane(bench, database);
  const incidents = bench.size(50_000, 20_000);
  const [tenant] = await loadTenants(databaseAdminUrl, { tenants: 1, rows: incidents });
  if (!tenant) throw new Error('No tenant was loaded.');
  await loadHistory(databaseAdminUrl, tenant.id);
  const call = tenantCall(plane, tenant);
  const rows = 3 * incidents;
  const sides = {
    plane: () => exported(call, rows),
    copy: () => copied(databaseAdminUrl, tenant.id, rows),
  };
  for (const side of Object.values(sides)) await side();
  bench.fact('peak memory of the plane before the rounds', peakMemoryOf(plane));
  const observation = new Observation(bench, [plane]);
  const copying = new Observation(bench, [], [{ name: 'bench', pid: process.pid }]);
  const rounds = await interleave(bench.size(5, 3), {
    plane: () => observation.during(sides.plane),
    copy: () => copying.during(sides.copy),
  });
  bench.fact('rows as shipped', rounds.plane.map(describeLoad).join(' | '));
  bench.fact('rows by COPY', rounds.copy.map(describeLoad).join(' | '));
  observation.tell('plane');
  copying.tell('copy');
  bench.fact('peak memory of the plane after the rounds', peakMemoryOf(plane));
  const perSecond = (results: readonly LoadResult[]): number[] => results.map((result) => result.perSecond);
  return [atLeast('ratio', medianRatio(perSecond(rounds.plane), perSecond(rounds.copy)), 0.6)];
}

/** From the request until the archive is stored. */
async function exported(call: TenantCall, expected: number): Promise<LoadResult> {
  let view = await call<ExportView>('POST', '/api/exports');
  while (view.status === 'running') {
    await delay(POLL_MS);
    view = await call<ExportView>('GET', `/api/exports/${view.id}`);
  }
  if (view.status !== 'ready' || view.rows < expected) throw new Error(JSON.stringify(view));
  return rate(view.rows, Date.parse(view.finished_at) - Date.parse(view.created_at));
}

/** The same columns of the same rows, by the superuser, who has no row-level security. */
async function copied(url: string, tenantId: string, rows: number): Promise<LoadResult> {
  const { EXPORTED_TABLES: tables } = builtExports<{
    EXPORTED_TABLES: Readonly<Record<string, { readonly columns: readonly string[] }>>;
  }>('tenant-plane', 'archives/exported-tables.js');
  return asAdmin(url, async (client) => {
    const startedAt = performance.now();
    for (const table of TABLES) {
      const columns = (tables[table]?.columns ?? []).map((column) => `"${column}"`).join(', ');
      await compressedCopy(client, `select ${columns} from ${table} where tenant_id = '${tenantId}'`);
    }
    return rate(rows, performance.now() - startedAt);
  });
}

function rate(rows: number, ms: number): LoadResult {
  return { perSecond: (rows * 1000) / ms, latenciesMs: [ms] };
}

/** As counted by Linux. */
function peakMemoryOf({ pid }: PlaneProcess): string {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return `${(Number(kilobytes) / 1024).toFixed(0)} MiB`;
}
