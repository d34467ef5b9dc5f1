import { setTimeout as delay } from 'node:timers/promises';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { type TestStack, asAdmin } from '@atlas/testing';
import { type Client } from 'pg';
import { type Bench } from './bench';
import { KeepAliveConnection } from './http/keep-alive-connection';
import { requireStatus } from './http/message';
import { nameOf } from './isolation/unfenced-copy';
import { atMost, type Goal, type Line } from './line';
import { percentile } from './load/statistics';
import { startControlPlane } from './planes/control-plane';
import { SimulatedPlane } from './signed/simulated-plane';
import { untilSealed } from './waiting/until-sealed';
import { ChangePublisher } from './waiting/change-publisher';
import {
  type HeldBytes,
  MemoryReports,
  transactionsDuring,
  withoutAutovacuum,
} from './waiting/cost-of-waiting';
import { type PlacedPlane, placedPlanes } from './waiting/placed-planes';
import { WaitingLink } from './waiting/waiting-link';

/** Before each, so that both meet planes at rest; enough for the link that was woken to be waiting again. */
const REST_MS = 10;
/** Postgres counts what a connection did at the latest 10 s after it. */
const STATISTICS_LAG_MS = 11_000;
/** Several rounds of the Control Plane's sweep. */
const WINDOW_SECONDS = 20;

export const P7_WAITING: Line = {
  name: 'P7',
  title: 'a change reaches one of 200 waiting planes, commit to callback: multiple of one signed call',
  measure: measureWaiting,
};

async function measureWaiting(bench: Bench): Promise<readonly Goal[]> {
  const database = await bench.createDatabase();
  const stack = await startControlPlane(bench, database, ['memory-report']);
  const planes = await placedPlanes(stack, database.url, bench.size(200, 50));
  const publisher = await ChangePublisher.open(database.url);
  bench.defer(() => publisher.close());
  const links = await openLinks(bench, stack, planes, planes.length);
  await untilSealed(database.url);
  const latencies = await measureChanges(bench, stack, planes, links, publisher);
  for (const link of links) link.close();
  const cost = await measureCost(bench, stack, planes, nameOf(database.url));
  return [...latencies, ...cost];
}

async function openLinks(
  bench: Bench,
  stack: TestStack,
  planes: readonly PlacedPlane[],
  count: number,
): Promise<WaitingLink[]> {
  const links: WaitingLink[] = [];
  bench.defer(() => links.forEach((link) => link.close()));
  for (let n = 0; n < count; n++) {
    const { plane } = planes[n % planes.length] as PlacedPlane;
    links.push(await WaitingLink.open(plane, stack.controlPlane.url));
  }
  return links;
}

/** One change, one signed call that changes nothing, one change, ... */
async function measureChanges(
  bench: Bench,
  stack: TestStack,
  planes: readonly PlacedPlane[],
  links: readonly WaitingLink[],
  publisher: ChangePublisher,
): Promise<Goal[]> {
  const connection = await KeepAliveConnection.open(stack.controlPlane.url);
  const caller = await SimulatedPlane.enrol(stack, 1);
  const path = `${PLANE_PATHS.desiredState}?since=${caller.revision}&wait=0`;
  const [calls, changes]: [number[], number[]] = [[], []];
  for (let n = 0; n < bench.size(1000, 100); n++) {
    const link = links[n % links.length] as WaitingLink;
    const { tenantId } = planes[n % links.length] as PlacedPlane;
    const message = caller.message('GET', path);
    await delay(REST_MS);
    const startedAt = performance.now();
    requireStatus(await connection.send(message), 204);
    calls.push(performance.now() - startedAt);
    const arrival = link.nextChange();
    await delay(REST_MS);
    const committedAt = await publisher.publish({ tenantId, tenantPlaneId: link.plane.id });
    changes.push((await arrival) - committedAt);
  }
  connection.close();
  const one = percentile(calls, 50);
  const describe = (values: readonly number[]): string =>
    `p50 ${percentile(values, 50).toFixed(2)} ms, p99 ${percentile(values, 99).toFixed(2)} ms`;
  bench.fact('one signed call', describe(calls));
  bench.fact('commit to callback', describe(changes));
  return [
    atMost('p50 ratio', percentile(changes, 50) / one, 3),
    atMost('p99 ratio', percentile(changes, 99) / one, 10),
  ];
}

/** What the Control Plane and its database do for planes that only wait. */
async function measureCost(
  bench: Bench,
  stack: TestStack,
  planes: readonly PlacedPlane[],
  databaseName: string,
): Promise<Goal[]> {
  const seconds = bench.size(WINDOW_SECONDS, 10);
  const memory = new MemoryReports(stack.controlPlane);
  const measure = async (client: Client): Promise<{ transactions: number; held: HeldBytes }> => {
    await delay(STATISTICS_LAG_MS);
    const transactions = await transactionsDuring(client, databaseName, seconds);
    return { transactions, held: await memory.next() };
  };
  return asAdmin(await bench.postgresUrl(), (client) =>
    withoutAutovacuum(client, async () => {
      const idle = await measure(client);
      const links = await openLinks(bench, stack, planes, bench.size(1000, 200));
      const waiting = await measure(client);
      for (const link of links) link.requireWaiting();
      for (const link of links) link.close();
      const rss = (waiting.held.rss - idle.held.rss) / 1000 / links.length;
      const used = (waiting.held.used - idle.held.used) / 1000 / links.length;
      const added = waiting.transactions - idle.transactions;
      bench.fact(`transactions in ${seconds} s, nobody waiting`, String(idle.transactions));
      bench.fact(`transactions in ${seconds} s, ${links.length} waiting`, String(waiting.transactions));
      bench.fact('kB per waiting plane', `${rss.toFixed(1)} resident, ${used.toFixed(1)} in use`);
      return [
        atMost('queries per waiting plane and minute', ((added / links.length) * 60) / seconds, 0.1),
        atMost('kB per waiting plane', Math.max(rss, used), 100),
      ];
    }),
  );
}
