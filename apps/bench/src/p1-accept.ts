import { AcceptingControlPlane } from './accept/accepting-control-plane';
import { requireOneRowEach, rowCounts } from './accept/row-counts';
import { type Bench } from './bench';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { type Load, type LoadResult, describeLoad } from './load/run-load';
import { medianRatio } from './load/statistics';
import { Observation } from './planes/observation';
import { atLeast, type Goal } from './goal';

const CALLERS = 8;

export const P1_ACCEPT: Line = {
  name: 'P1',
  title: 'accepting tenants, 8 callers: rate as a share of writing the same rows over node-postgres',
  measure: measureAccept,
};

async function measureAccept(bench: Bench): Promise<readonly Goal[]> {
  const plane = await AcceptingControlPlane.start(bench);
  const load = { callers: CALLERS, count: bench.size(2000, 400) };
  await warmUp(plane, load);
  const [byHand, accepting] = [
    new Observation(bench, []),
    new Observation(bench, [plane.stack.controlPlane]),
  ];
  const sides = {
    limit: () => byHand.during(() => plane.writeByHand(load)),
    accept: () => accepting.during(() => plane.accept(load)),
    alone: () => plane.accept({ callers: 1, count: bench.size(200, 100) }),
  };
  const rounds = await interleave(bench.size(5, 3), sides);
  tell(bench, rounds);
  byHand.tell('node-postgres');
  accepting.tell('Control Plane');
  const perSecond = (results: readonly LoadResult[]): number[] => results.map((result) => result.perSecond);
  return [atLeast('ratio', medianRatio(perSecond(rounds.accept), perSecond(rounds.limit)), 0.4)];
}

/** Runs both sides once, and checks that both write the same number of rows. */
async function warmUp(plane: AcceptingControlPlane, load: Load): Promise<void> {
  const before = await rowCounts(plane.databaseUrl);
  await plane.accept(load);
  const between = await rowCounts(plane.databaseUrl);
  await plane.writeByHand(load);
  const after = await rowCounts(plane.databaseUrl);
  requireOneRowEach(before, between, load.count);
  requireOneRowEach(between, after, load.count);
}

function tell(bench: Bench, rounds: Readonly<Record<string, readonly LoadResult[]>>): void {
  const names: Readonly<Record<string, string>> = {
    limit: 'node-postgres, 8 clients',
    accept: 'Control Plane, 8 callers',
    alone: 'Control Plane, 1 caller',
  };
  for (const [side, results] of Object.entries(rounds))
    bench.fact(names[side] ?? side, results.map(describeLoad).join(' | '));
}
