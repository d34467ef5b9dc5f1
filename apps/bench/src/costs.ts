import { type Bench } from './bench';
import { Calibration, type Cost } from './costs/calibration';
import { COMMITTED } from './costs/committed';
import { HOT_PATHS, type StartedPath } from './costs/hot-paths';
import { type Line } from './line';
import { Observation } from './planes/observation';
import { type Goal, atMost, isReached } from './goal';

/** How much more a call may cost than when its figure was committed. */
const LIMIT = 1.33;
const ROUNDS = 3;
/** A machine that is busy with other work gets further rounds before a call counts as more expensive. */
const MOST_ROUNDS = 12;

export const COSTS: Line = {
  name: 'Costs',
  title: 'CPU time per call, as a multiple of a calibration in the same run: share of the committed figure',
  measure: async (bench) => {
    const calibration = await Calibration.start(bench);
    const goals: Goal[] = [];
    for (const [name, start] of Object.entries(HOT_PATHS))
      goals.push(...(await measurePath(bench, { name, calibration, path: await start(bench) })));
    return goals;
  },
};

interface Measured {
  readonly name: string;
  readonly path: StartedPath;
  readonly calibration: Calibration;
}

async function measurePath(bench: Bench, { name, path, calibration }: Measured): Promise<readonly Goal[]> {
  await path.load();
  const committed = COMMITTED[name] ?? { planes: NaN };
  let least: Cost = { planes: Infinity, postgres: Infinity };
  const goals = (): Goal[] =>
    (Object.keys(committed) as (keyof Cost)[]).map((part) =>
      atMost(`${name}, ${part}`, least[part] / (committed[part] ?? NaN), LIMIT),
    );
  let before = await calibration.measure();
  for (let round = 0; round < ROUNDS || (round < MOST_ROUNDS && !goals().every(isReached)); round += 1) {
    const cost = await costOf(bench, path);
    const after = await calibration.measure();
    const share = (part: keyof Cost): number =>
      Math.min(least[part], (2 * cost[part]) / (before[part] + after[part]));
    least = { planes: share('planes'), postgres: share('postgres') };
    before = after;
  }
  bench.fact(name, `planes ${least.planes.toFixed(3)}, postgres ${least.postgres.toFixed(3)}`);
  return goals();
}

async function costOf(bench: Bench, { planes, load }: StartedPath): Promise<Cost> {
  const observation = new Observation(bench, planes);
  await observation.during(load);
  const spent = observation.msPerCall;
  return {
    planes: planes.reduce((sum, { name }) => sum + (spent.get(name) ?? NaN), 0),
    postgres: spent.get('postgres') ?? NaN,
  };
}
