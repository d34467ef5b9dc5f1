import { type Bench } from './bench';
import { inDatabase, nameOf } from './database-url';
import { loadTenants } from './isolation/tenant-rows';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { describeLoad } from './load/run-load';
import { medianRatio } from './load/statistics';
import { Observation } from './planes/observation';
import { startOfflineTenantPlane } from './planes/offline-tenant-plane';
import { alertCalls } from './product/alert-calls';
import { peerCalls, startIngestPeer } from './product/ingest-peer';
import { loadSources } from './product/product-rows';
import { atLeast, type Goal } from './goal';

const CALLERS = 8;
/** As many as Alertmanager may send of a group at a time, and as few. */
const SIZES = { 'of 20': 20, single: 1 };

export const P12A_INGEST: Line = {
  name: 'P12a',
  title: 'receiving alerts: rate as a share of Fastify with a JSON schema and one insert',
  measure: measureIngest,
};

async function measureIngest(bench: Bench): Promise<readonly Goal[]> {
  const database = await bench.createDatabase();
  const adminUrl = inDatabase(await bench.postgresUrl(), nameOf(database.url));
  const plane = await startOfflineTenantPlane(bench, database);
  // A source accepts 600 requests per minute.
  const tenants = await loadTenants(adminUrl, { tenants: bench.size(200, 50), rows: 0 });
  const keys = await loadSources(adminUrl, tenants);
  const peer = await startIngestPeer(bench);
  const goals: Goal[] = [];
  for (const [name, alerts] of Object.entries(SIZES)) {
    const [ours, theirs] = [alertCalls(plane.url, alerts, keys), peerCalls(peer.url, alerts, tenants)];
    const load = { callers: CALLERS, count: bench.size(800, 200) };
    // Opens the incidents.
    for (const side of [ours, theirs]) await side.load(load);
    const [shipped, compared] = [
      new Observation(bench, [plane]),
      new Observation(bench, [], [{ name: 'peer', pid: peer.pid }]),
    ];
    const sides = {
      plane: () => shipped.during(() => ours.load(load)),
      peer: () => compared.during(() => theirs.load(load)),
    };
    const rounds = await interleave(bench.size(5, 3), sides);
    bench.fact(`${name}, as shipped`, rounds.plane.map(describeLoad).join(' | '));
    bench.fact(`${name}, by the peer`, rounds.peer.map(describeLoad).join(' | '));
    shipped.tell(`${name}, as shipped`);
    compared.tell(`${name}, by the peer`);
    const [one, other] = [rounds.plane, rounds.peer].map((all) => all.map(({ perSecond }) => perSecond));
    goals.push(atLeast(name, medianRatio(one ?? [], other ?? []), 0.3));
  }
  return goals;
}
