import { asAdmin } from '@atlas/testing';
import { type Bench } from './bench';
import { type Line } from './line';
import { percentile } from './load/statistics';
import { changeLatencies } from './waiting/change-latency';
import { ChangePublisher } from './waiting/change-publisher';
import { costOfWaiting } from './waiting/cost-of-waiting';
import { WaitingFleet } from './waiting/waiting-fleet';
import { atMost, type Goal } from './goal';

/** Enough links that one extra sweep of the Control Plane does not distort the cost per link. */
const IDLE_LINKS = 1000;

export const P7_WAITING: Line = {
  name: 'P7',
  title: 'a change to one of 200 waiting planes, from commit to callback: multiple of one signed call',
  measure: async (bench) => {
    const fleet = await WaitingFleet.start(bench, bench.size(200, 50));
    return [...(await measureLatency(bench, fleet)), ...(await measureCost(bench, fleet))];
  },
};

async function measureLatency(bench: Bench, fleet: WaitingFleet): Promise<readonly Goal[]> {
  const publisher = await ChangePublisher.open(fleet.databaseUrl);
  bench.defer(() => publisher.close());
  const { callsMs, changesMs } = await changeLatencies(fleet, publisher, bench.size(1000, 100));
  bench.fact('one signed call', describe(callsMs));
  bench.fact('commit to callback', describe(changesMs));
  const one = percentile(callsMs, 50);
  return [
    atMost('p50 ratio', percentile(changesMs, 50) / one, 3),
    atMost('p99 ratio', percentile(changesMs, 99) / one, 10),
  ];
}

async function measureCost(bench: Bench, fleet: WaitingFleet): Promise<readonly Goal[]> {
  const form = { links: IDLE_LINKS, seconds: bench.size(20, 10) };
  const { idle, waiting } = await asAdmin(await bench.postgresUrl(), (admin) =>
    costOfWaiting(admin, fleet, form),
  );
  const kilobytes = (key: 'rss' | 'used'): number => (waiting.held[key] - idle.held[key]) / 1000 / form.links;
  bench.fact(`transactions in ${form.seconds} s, no plane waiting`, String(idle.transactions));
  bench.fact(`transactions in ${form.seconds} s, ${form.links} planes waiting`, String(waiting.transactions));
  bench.fact(
    'kB per waiting plane',
    `${kilobytes('rss').toFixed(1)} resident, ${kilobytes('used').toFixed(1)} in use`,
  );
  const perMinute = ((waiting.transactions - idle.transactions) / form.links / form.seconds) * 60;
  return [
    atMost('queries per waiting plane per minute', perMinute, 0.1),
    atMost('kB per waiting plane', Math.max(kilobytes('rss'), kilobytes('used')), 100),
  ];
}

function describe(values: readonly number[]): string {
  return `p50 ${percentile(values, 50).toFixed(2)} ms, p99 ${percentile(values, 99).toFixed(2)} ms`;
}
