import { asAdmin } from '@atlas/testing';
import { type Bench } from './bench';
import { inDatabase, nameOf } from './database-url';
import { httpMessage } from './http/message';
import { type LoadedTenant, loadTenants } from './isolation/tenant-rows';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { type LoadResult, describeLoad, runLoad } from './load/run-load';
import { medianRatio } from './load/statistics';
import { startOfflineTenantPlane } from './planes/offline-tenant-plane';
import { Calls } from './product/calls';
import { loadBuckets, loadTimeline } from './product/product-rows';
import { atMost, type Goal } from './goal';

const LISTS = {
  'newest 50': '?limit=50',
  'by status': '?limit=50&status=open',
  'by severity': '?limit=50&severity=P2',
  'found by text': '?limit=50&q=web-77',
  'not found by text': '?limit=50&q=nowhere',
};
const STATUS_BY_HAND = `select sum(good) as good, sum(total) as total from slo_buckets
  where tenant_id = $1 and slo_id = $2 and minute >= $3`;

export const P12D_GROWTH: Line = {
  name: 'P12d',
  title: 'lists, searches, timelines and SLO statuses with much data: time as a multiple of that with little',
  measure: measureGrowth,
};

interface Served {
  readonly url: string;
  readonly tenants: readonly LoadedTenant[];
  readonly adminUrl: string;
}

async function measureGrowth(bench: Bench): Promise<readonly Goal[]> {
  const rows = 1000;
  const [large, small] = [
    await served(bench, { tenants: bench.size(1000, 100), rows }),
    await served(bench, { tenants: 1, rows }),
  ];
  return [...(await lists(bench, large, small)), await timeline(bench, small), await sloStatus(bench, small)];
}

async function served(
  bench: Bench,
  size: { readonly tenants: number; readonly rows: number },
): Promise<Served> {
  const database = await bench.createDatabase();
  const adminUrl = inDatabase(await bench.postgresUrl(), nameOf(database.url));
  const { url } = await startOfflineTenantPlane(bench, database);
  return { url, tenants: await loadTenants(adminUrl, size), adminUrl };
}

/** Incidents of 1,000 tenants, compared with those of one tenant that has as many. */
async function lists(bench: Bench, large: Served, small: Served): Promise<Goal[]> {
  const load = { callers: 4, count: bench.size(1000, 200) };
  const goals: Goal[] = [];
  for (const [name, query] of Object.entries(LISTS)) {
    const [many, one] = [listCalls(large, query), listCalls(small, query)];
    const sides = { many: () => many.load(load), one: () => one.load(load) };
    goals.push(atMost(name, await timeRatio(bench, name, sides, ['many', 'one']), 1.3));
  }
  return goals;
}

function listCalls({ url, tenants }: Served, query: string): Calls {
  const messages = tenants.map((tenant) => messageAs(url, tenant, 'GET', `/api/incidents${query}`));
  return new Calls(url, 200, (n) => messages[n % messages.length] ?? '');
}

/** Notes are added to a timeline of 100,000 items, and to one of ten. */
async function timeline(bench: Bench, { url, tenants, adminUrl }: Served): Promise<Goal> {
  const [tenant] = tenants;
  if (!tenant) throw new Error('No tenant was loaded.');
  const calls = new Map<string, Calls>();
  for (const [name, at, length] of [
    ['long', 'asc', bench.size(100_000, 10_000)],
    ['short', 'desc', 10],
  ] as const) {
    const id = await loadTimeline(adminUrl, tenant.id, { at, length });
    const path = `/api/incidents/${id}/notes`;
    const message = messageAs(url, tenant, 'POST', path, { text: 'Looked at it' });
    calls.set(name, new Calls(url, 201, () => message));
  }
  const load = { callers: 1, count: bench.size(200, 50) };
  const side = (name: string) => async (): Promise<LoadResult> => {
    const those = calls.get(name);
    if (!those) throw new Error(name);
    return those.load(load);
  };
  const sides = { long: side('long'), short: side('short') };
  return atMost('timeline', await timeRatio(bench, 'adding to a timeline', sides, ['long', 'short']), 1.3);
}

/** A bucket for each minute of 90 days, compared with summing them up by hand. */
async function sloStatus(bench: Bench, { url, tenants, adminUrl }: Served): Promise<Goal> {
  const [tenant] = tenants;
  if (!tenant) throw new Error('No tenant was loaded.');
  const minutes = bench.size(90, 9) * 24 * 60;
  const id = await loadBuckets(adminUrl, tenant.id, minutes);
  const message = messageAs(url, tenant, 'GET', `/api/slos/${id}/status`);
  const calls = new Calls(url, 200, () => message);
  const load = { callers: 1, count: bench.size(10, 5) };
  return asAdmin(adminUrl, async (client) => {
    const since = Math.floor(Date.now() / 60_000) - minutes;
    const byHand = () =>
      runLoad(load, async () => void (await client.query(STATUS_BY_HAND, [tenant.id, id, since])));
    const sides = { plane: () => calls.load(load), byHand };
    const ratio = await timeRatio(bench, 'SLO status', sides, ['plane', 'byHand']);
    return atMost('SLO status', ratio, 3);
  });
}

async function timeRatio<Side extends string>(
  bench: Bench,
  name: string,
  sides: Readonly<Record<Side, () => Promise<LoadResult>>>,
  [one, other]: readonly [Side, Side],
): Promise<number> {
  await sides[one]();
  await sides[other]();
  const rounds = await interleave(bench.size(5, 3), sides);
  for (const side of [one, other]) bench.fact(`${name}, ${side}`, rounds[side].map(describeLoad).join(' | '));
  const msOf = (results: readonly LoadResult[]): number[] => results.map(({ perSecond }) => 1 / perSecond);
  return medianRatio(msOf(rounds[one]), msOf(rounds[other]));
}

function messageAs(
  planeUrl: string,
  { id, session }: LoadedTenant,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): string {
  const headers = { 'x-tenant-id': id, authorization: `Bearer ${session}` };
  return httpMessage({ method, url: new URL(path, planeUrl), headers, body: body && JSON.stringify(body) });
}
