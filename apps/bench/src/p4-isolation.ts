import { isDeepStrictEqual } from 'node:util';
import { type PlaneProcess } from '@atlas/testing';
import { type Bench } from './bench';
import { inDatabase, nameOf } from './database-url';
import { IncidentLists } from './isolation/incident-list';
import { loadTenants } from './isolation/tenant-rows';
import { fencedTables, unfencedCopy } from './isolation/unfenced-copy';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { describeLoad } from './load/run-load';
import { medianRatio } from './load/statistics';
import { startOfflineTenantPlane } from './planes/offline-tenant-plane';
import { Observation } from './planes/observation';
import { atLeast, type Goal } from './goal';

const CALLERS = 8;

export const P4_ISOLATION: Line = {
  name: 'P4',
  title:
    "listing a tenant's newest 50 incidents: rate as a share of the same route without row-level security " +
    'and transactions',
  measure: measureIsolation,
};

async function measureIsolation(bench: Bench): Promise<readonly Goal[]> {
  const { fenced, unfenced } = await startBothForms(bench);
  const load = { callers: CALLERS, count: bench.size(8000, 2000) };
  await fenced.lists.load(load);
  await unfenced.lists.load(load);
  const observed = [
    new Observation(bench, [fenced.plane]),
    new Observation(bench, [unfenced.plane]),
  ] as const;
  const rounds = await interleave(bench.size(7, 3), {
    fenced: () => observed[0].during(() => fenced.lists.load(load)),
    unfenced: () => observed[1].during(() => unfenced.lists.load(load)),
  });
  bench.fact('as shipped', rounds.fenced.map(describeLoad).join(' | '));
  bench.fact('without row-level security and transactions', rounds.unfenced.map(describeLoad).join(' | '));
  observed[0].tell('as shipped');
  observed[1].tell('without row-level security and transactions');
  const [one, other] = [rounds.fenced, rounds.unfenced].map((results) =>
    results.map((result) => result.perSecond),
  );
  return [atLeast('ratio', medianRatio(one ?? [], other ?? []), 0.85)];
}

interface Form {
  readonly plane: PlaneProcess;
  readonly lists: IncidentLists;
}

/** Two planes with the same rows: one as shipped, one without row-level security. */
async function startBothForms(bench: Bench): Promise<{ fenced: Form; unfenced: Form }> {
  const adminUrl = await bench.postgresUrl();
  const database = await bench.createDatabase();
  const migrating = await startOfflineTenantPlane(bench, database);
  await migrating.end();
  const size = { tenants: bench.size(1000, 200), rows: bench.size(1000, 200) };
  const tenants = await loadTenants(inDatabase(adminUrl, nameOf(database.url)), size);
  const copy = await unfencedCopy(adminUrl, database);
  bench.defer(() => copy.drop());
  await requireFence(adminUrl, database.url, copy.url);
  const fenced = await startOfflineTenantPlane(bench, database);
  const unfenced = await startOfflineTenantPlane(bench, copy, ['without-row-security']);
  const forms = {
    fenced: { plane: fenced, lists: new IncidentLists(fenced.url, tenants) },
    unfenced: { plane: unfenced, lists: new IncidentLists(unfenced.url, tenants) },
  };
  await requireSameAnswers(forms.fenced.lists, forms.unfenced.lists);
  return forms;
}

async function requireFence(adminUrl: string, fencedUrl: string, unfencedUrl: string): Promise<void> {
  const fenced = await fencedTables(inDatabase(adminUrl, nameOf(fencedUrl)));
  const unfenced = await fencedTables(inDatabase(adminUrl, nameOf(unfencedUrl)));
  if (fenced === 0 || unfenced !== 0)
    throw new Error(
      `Row-level security is forced on ${fenced} tables in the original and on ${unfenced} in the copy.`,
    );
}

async function requireSameAnswers(one: IncidentLists, other: IncidentLists): Promise<void> {
  if (!isDeepStrictEqual(await one.sample(20), await other.sample(20)))
    throw new Error('The two planes returned different incidents.');
}
