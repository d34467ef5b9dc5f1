import { AcceptingControlPlane } from './accept/accepting-control-plane';
import { WholePath } from './activate/whole-path';
import { type Bench } from './bench';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { type LoadResult } from './load/run-load';
import { median, percentile } from './load/statistics';
import { Observation } from './planes/observation';
import { atMost, type Goal } from './goal';

export const P2_ACTIVATE: Line = {
  name: 'P2',
  title: 'shared tenants, one at a time, from request to active: multiple of accepting one',
  measure: measureActivation,
};

async function measureActivation(bench: Bench): Promise<readonly Goal[]> {
  const accepting = await AcceptingControlPlane.start(bench);
  const path = await WholePath.start(bench);
  const { stack, tenantPlane } = path.planes;
  const inARow = { callers: 1, count: bench.size(200, 60) };
  await accepting.accept(inARow);
  await path.provision(inARow);
  const observation = new Observation(bench, [stack.controlPlane, tenantPlane]);
  const rounds = await interleave(3, {
    accept: async () => latencies(await accepting.accept(inARow)),
    active: async () => (await observation.during(() => path.provision(inARow))).recordedMs,
    watched: async () => latencies(await path.provisionWatched(inARow)),
  });
  tell(bench, rounds);
  observation.tell('from request to active');
  const accept = p50s(rounds.accept);
  const multiple = (rows: readonly (readonly number[])[]): number =>
    median(p50s(rows).map((value, round) => value / (accept[round] ?? NaN)));
  const tails = rounds.active.map((row) => percentile(row, 99) / percentile(row, 50));
  return [
    atMost('ratio', multiple(rounds.active), 12),
    atMost('as an SSE client sees it', multiple(rounds.watched), 12),
    atMost('p99/p50', median(tails), 4),
  ];
}

function latencies({ latenciesMs }: LoadResult): readonly number[] {
  return latenciesMs;
}

function p50s(rows: readonly (readonly number[])[]): number[] {
  return rows.map((row) => percentile(row, 50));
}

function tell(
  bench: Bench,
  { accept, active, watched }: Readonly<Record<string, readonly (readonly number[])[]>>,
): void {
  bench.fact('accepting, 1 caller', describe(accept));
  bench.fact('created_at to active_at', describe(active));
  bench.fact('request to done, over SSE', describe(watched));
}

function describe(rows: readonly (readonly number[])[] = []): string {
  return rows
    .map((row) => `p50 ${percentile(row, 50).toFixed(1)} ms, p99 ${percentile(row, 99).toFixed(1)} ms`)
    .join(' | ');
}
