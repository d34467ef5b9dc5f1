import { type DatabaseDriver } from '@atlas/testing';
import { type Bench } from './bench';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { type LoadResult, describeLoad } from './load/run-load';
import { medianRatio } from './load/statistics';
import { Observation } from './planes/observation';
import { EmptyCalls } from './signed/empty-calls';
import { atLeast, type Goal } from './goal';

const CALLERS = 32;

export const P5_SIGNED_CALL: Line = {
  name: 'P5',
  title: 'an empty signed call, 32 callers: rate as a share of the same call unsigned',
  measure: async (bench) => [await measureOn(bench, 'postgres', 0.5), await measureOn(bench, 'sqlite', 0.7)],
};

const SIDES = {
  signed: 'signed, 32 callers',
  unsigned: 'unsigned, 32 callers',
  signedAlone: 'signed, 1 caller',
  unsignedAlone: 'unsigned, 1 caller',
} as const;
type Rounds = Readonly<Record<keyof typeof SIDES, readonly LoadResult[]>>;

async function measureOn(bench: Bench, driver: DatabaseDriver, target: number): Promise<Goal> {
  const calls = await EmptyCalls.start(bench, driver);
  const load = { callers: CALLERS, count: bench.size(6000, 2000) };
  const alone = { callers: 1, count: bench.size(1000, 300) };
  await calls.signed(load);
  await calls.unsigned(load);
  const signed = new Observation(bench, [calls.controlPlane]);
  const unsigned = new Observation(bench, [calls.controlPlane]);
  const rounds = await interleave(bench.size(7, 3), {
    signed: () => signed.during(() => calls.signed(load)),
    unsigned: () => unsigned.during(() => calls.unsigned(load)),
    signedAlone: () => calls.signed(alone),
    unsignedAlone: () => calls.unsigned(alone),
  });
  tell(bench, driver, rounds);
  signed.tell(`${driver}, signed`);
  unsigned.tell(`${driver}, unsigned`);
  return atLeast(`ratio on ${driver}`, ratio(rounds.signed, rounds.unsigned), target);
}

function tell(bench: Bench, driver: DatabaseDriver, rounds: Rounds): void {
  for (const side of Object.keys(SIDES) as (keyof typeof SIDES)[])
    bench.fact(`${driver}, ${SIDES[side]}`, rounds[side].map(describeLoad).join(' | '));
  const alone = ratio(rounds.signedAlone, rounds.unsignedAlone);
  bench.fact(`${driver}, ratio with 1 caller`, alone.toFixed(2));
}

function ratio(one: readonly LoadResult[], other: readonly LoadResult[]): number {
  const perSecond = (results: readonly LoadResult[]): number[] => results.map((result) => result.perSecond);
  return medianRatio(perSecond(one), perSecond(other));
}
