import { AcceptingControlPlane } from './accept/accepting-control-plane';
import { WholePath } from './activate/whole-path';
import { type Bench } from './bench';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { medianRatio } from './load/statistics';
import { Observation } from './planes/observation';
import { atLeast, type Goal } from './goal';

const CALLERS = 8;

export const P3_THROUGHPUT: Line = {
  name: 'P3',
  title:
    "shared tenants, request to active, 8 callers: rate as a share of writing P1's rows over node-postgres",
  measure: measureThroughput,
};

async function measureThroughput(bench: Bench): Promise<readonly Goal[]> {
  const accepting = await AcceptingControlPlane.start(bench);
  // From here on, only this Control Plane's database and the row templates are needed.
  await accepting.stack.stop();
  const path = await WholePath.start(bench);
  const { stack, tenantPlane } = path.planes;
  const [many, one] = [bench.size(400, 120), bench.size(100, 40)];
  await path.provision({ callers: CALLERS, count: many });
  const observation = new Observation(bench, [stack.controlPlane, tenantPlane]);
  const rounds = await interleave(bench.size(5, 3), {
    limit: async () =>
      (await accepting.writeByHand({ callers: CALLERS, count: bench.size(2000, 400) })).perSecond,
    together: async () =>
      (await observation.during(() => path.provision({ callers: CALLERS, count: many }))).perSecond,
    alone: async () => (await path.provision({ callers: 1, count: one })).perSecond,
  });
  const describe = (figures: readonly number[]): string =>
    figures.map((figure) => `${figure.toFixed(1)}/s`).join(' | ');
  bench.fact('node-postgres, 8 clients', describe(rounds.limit));
  bench.fact('active tenants, 8 callers', describe(rounds.together));
  bench.fact('active tenants, 1 caller', describe(rounds.alone));
  observation.tell('8 callers');
  return [
    atLeast('ratio', medianRatio(rounds.together, rounds.limit), 0.05),
    atLeast('vs. one caller', medianRatio(rounds.together, rounds.alone), 1.5),
  ];
}
