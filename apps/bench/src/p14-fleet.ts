import { setTimeout as delay } from 'node:timers/promises';
import { HEARTBEAT_SECONDS } from '@atlas/plane-contract';
import { MemoryReports } from '@atlas/testing';
import { type Bench } from './bench';
import { Fleet } from './fleet/fleet';
import { requireOpenFiles } from './fleet/open-files';
import { otherCallsDuring } from './fleet/other-caller';
import { atMost, type Goal } from './goal';
import { type Line } from './line';
import { cpuMs, familyCpuMs } from './load/cpu-time';
import { percentile } from './load/statistics';
import { profiled } from './planes/profiled';
import { ChangePublisher } from './waiting/change-publisher';

/** Enough for all planes to call again. */
const ROUND_MS = (HEARTBEAT_SECONDS + 5) * 1000;
const RECONNECT_SECONDS = 300;

export const P14_FLEET: Line = {
  name: 'P14',
  title: '10,000 planes wait on one Control Plane process: memory, idle CPU, a change for all, a reconnect',
  measure: measureFleet,
};

/** CPU time in ms, or in ms per second. */
interface Cpu {
  readonly controlPlane: number;
  readonly postgres: number;
}

async function measureFleet(bench: Bench): Promise<readonly Goal[]> {
  const count = bench.size(10_000, 1000);
  requireOpenFiles(count);
  const fleet = await Fleet.start(bench, count);
  const memory = new MemoryReports(fleet.stack.controlPlane);
  await delay(ROUND_MS);
  const before = await memory.next();
  const alone = await cpuPerSecond(bench, fleet, ROUND_MS);
  await fleet.connect();
  await delay(ROUND_MS);
  const idle = await cpuPerSecond(bench, fleet, bench.size(2, 1) * HEARTBEAT_SECONDS * 1000);
  const kilobytes = ((await memory.next()).rss - before.rss) / 1000 / count;
  bench.fact('kB per waiting plane, resident', kilobytes.toFixed(1));
  bench.fact('idle CPU, no plane', describeCpu(alone));
  bench.fact(`idle CPU, ${count} planes`, describeCpu(idle));
  await measureChange(bench, fleet);
  const reconnectMs = await measureReconnect(bench, fleet);
  bench.fact('calls without a response', String(fleet.unanswered.length));
  for (const failure of [...fleet.refused.slice(0, 3), ...fleet.unanswered.slice(0, 3)])
    bench.fact('a failed call', failure);
  return [
    atMost('kB per waiting plane', kilobytes, 100),
    atMost('idle CPU of a core', (idle.controlPlane + idle.postgres) / 1000, 0.05),
    atMost('seconds until all are connected again', reconnectMs / 1000, RECONNECT_SECONDS),
    atMost('refusals', fleet.refused.length, 0),
  ];
}

async function measureChange(bench: Bench, fleet: Fleet): Promise<void> {
  const publisher = await ChangePublisher.open(fleet.databaseUrl);
  bench.defer(() => publisher.close());
  const idle = await whileOthersCall(bench, fleet, () => delay(10_000));
  let appliedMs = NaN;
  const busy = await whileOthersCall(bench, fleet, async () => {
    appliedMs = await fleet.untilApplied(await publisher.publishAll());
  });
  bench.fact('a change for each plane at once, until all have applied it', seconds(appliedMs));
  bench.fact("another caller's list of tenants, 10 s while the planes wait", idle);
  bench.fact("another caller's list of tenants, during the change", busy);
}

async function measureReconnect(bench: Bench, fleet: Fleet): Promise<number> {
  await delay(ROUND_MS);
  let reconnectMs = NaN;
  const latency = await whileOthersCall(bench, fleet, async () => {
    reconnectMs = await fleet.reconnect();
  });
  // Calls that fail in the next round count, too.
  await delay(ROUND_MS);
  bench.fact('all links cut, until all planes are connected', seconds(reconnectMs));
  bench.fact("another caller's list of tenants, during the reconnect", latency);
  return reconnectMs;
}

/** Runs `work`, and describes what other callers notice of it, and what it costs. */
async function whileOthersCall(bench: Bench, fleet: Fleet, work: () => Promise<void>): Promise<string> {
  const { controlPlane, apiKey } = fleet.stack;
  const calls = { url: `${controlPlane.url}/api/tenants`, apiKey, everyMs: 50 };
  const before = cpuOf(bench, fleet);
  const made = await otherCallsDuring(calls, () => profiled(bench, [controlPlane], work));
  const after = cpuOf(bench, fleet);
  fleet.refused.push(...made.flatMap(({ failure = [] }) => failure));
  const p99 = percentile(
    made.map(({ ms }) => ms),
    99,
  );
  const [plane, postgres] = [after.controlPlane - before.controlPlane, after.postgres - before.postgres];
  const cpu = `CPU: Control Plane ${seconds(plane)}, Postgres ${seconds(postgres)}`;
  return `p99 ${p99.toFixed(0)} ms; ${cpu}`;
}

async function cpuPerSecond(bench: Bench, fleet: Fleet, ms: number): Promise<Cpu> {
  const [before, startedAt] = [cpuOf(bench, fleet), performance.now()];
  await profiled(bench, [fleet.stack.controlPlane], () => delay(ms));
  const [after, elapsed] = [cpuOf(bench, fleet), (performance.now() - startedAt) / 1000];
  return {
    controlPlane: (after.controlPlane - before.controlPlane) / elapsed,
    postgres: (after.postgres - before.postgres) / elapsed,
  };
}

function cpuOf(bench: Bench, fleet: Fleet): Cpu {
  return {
    controlPlane: cpuMs(fleet.stack.controlPlane.pid),
    postgres: familyCpuMs(bench.postgresPid ?? NaN),
  };
}

function describeCpu({ controlPlane, postgres }: Cpu): string {
  return `Control Plane ${controlPlane.toFixed(0)} ms/s, Postgres ${postgres.toFixed(0)} ms/s`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
