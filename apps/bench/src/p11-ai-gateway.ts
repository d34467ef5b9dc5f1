import { type Bench } from './bench';
import { AiCallers } from './ai/ai-callers';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { type LoadResult, describeLoad } from './load/run-load';
import { medianRatio, percentile } from './load/statistics';
import { Observation } from './planes/observation';
import { atLeast, atMost, type Goal } from './goal';

const CALLERS = 32;

export const P11_AI_GATEWAY: Line = {
  name: 'P11',
  title: 'a streamed AI answer: time to the first token over direct; rate as a share of a pass-through',
  measure: measureGateway,
};

/** The provider answers with 50 tokens, one every 10 ms. The pass-through checks and counts nothing. */
async function measureGateway(bench: Bench): Promise<readonly Goal[]> {
  const callers = await AiCallers.start(bench);
  const many = { callers: CALLERS, count: bench.size(640, 160) };
  const alone = { callers: 1, count: bench.size(60, 15) };
  await callers.throughGateway(many);
  await callers.passedThrough(many);
  const gateway = new Observation(bench, [callers.controlPlane]);
  const rounds = await interleave(bench.size(5, 3), {
    gateway: () => gateway.during(() => callers.throughGateway(many)),
    passThrough: () => callers.passedThrough(many),
    gatewayAlone: () => callers.throughGateway(alone),
    direct: () => callers.direct(alone),
  });
  bench.fact(`gateway, ${CALLERS} callers`, rounds.gateway.map(describeLoad).join(' | '));
  bench.fact(`pass-through, ${CALLERS} callers`, rounds.passThrough.map(describeLoad).join(' | '));
  const [ours, direct] = [firstTokenMs(rounds.gatewayAlone), firstTokenMs(rounds.direct)];
  bench.fact('first token, 1 caller', `gateway ${ours.toFixed(2)} ms, direct ${direct.toFixed(2)} ms`);
  gateway.tell('gateway');
  return [
    atMost('time to first token over direct, in ms', ours - direct, 10),
    atLeast('rate, of a pass-through', medianRatio(rates(rounds.gateway), rates(rounds.passThrough)), 0.8),
  ];
}

function rates(results: readonly LoadResult[]): number[] {
  return results.map(({ perSecond }) => perSecond);
}

/** Latencies are measured to the first token. */
function firstTokenMs(results: readonly LoadResult[]): number {
  return percentile(
    results.flatMap(({ latenciesMs }) => latenciesMs),
    50,
  );
}
