import { OPERATION_NAMES } from '@atlas/operator-api';
import { endedInTime } from '../failures/deadline';
import { inLanes } from '../failures/lanes';
import { leftovers } from '../failures/leftovers';
import { type Scenario, type Subject, endedJob } from '../failures/scenario';
import { SCENARIOS } from '../failures/every-scenario';
import { Scene } from '../failures/scene';
import { below, measured, moreThan, none } from '../figures';
import { type Proof, type ProofContext } from '../proof';

/** The latest moment comes first, for the reason given at `killAtEach`. */
const MOMENTS = ['after-record', 'after-effect', 'before'] as const;
const BACK_WITHIN_MS = 30_000;
/**
 * How many subjects are interrupted per restart. On Postgres, a dead worker's lease takes 15 s to expire, so
 * several subjects share the wait. More than five would take too long: a move is undone once it has paused
 * its tenant's writes for 30 s.
 */
const AT_ONCE = { sqlite: 3, postgres: 5 };
/**
 * A waiting step is recorded as done only after the plane's report, so the point after its record is reached
 * late.
 */
const REACHED_WITHIN_MS = 60_000;
/**
 * The only fault point at the reduced size: after a step has taken effect, but before the step is recorded as
 * done. The Control Plane starts with this fault point armed.
 */
const SMALL_EDGE = 'provision/write-desired-state/after-effect';
/** How many scenarios run at the same time. They spend most of their time waiting. */
const LANES = { sqlite: 2, postgres: 3 };

interface Outcome {
  readonly edges: number;
  readonly problems: readonly string[];
  readonly slowestMs: number;
}

/**
 * The Control Plane is killed before and after every step, and between the step's effect and its record.
 * After a restart, the operation is done exactly once.
 *
 * To see it fail: in `JobRunner.attempt`, record the step before its transaction instead of inside it.
 */
export const proof: Proof = {
  goal:
    'kill -9 before and after every step of every operation in every model, then a restart: 0 stuck, ' +
    '0 orphans, 0 duplicates, done within 30 s',
  databases: ['sqlite', 'postgres'],
  async run(context) {
    const isFull = context.size === 'full';
    const leftOut = OPERATION_NAMES.filter((name) => SCENARIOS.every(({ operation }) => operation !== name));
    const problems = leftOut.map((operation) => `${operation}: no scenario`);
    const scenarios = isFull
      ? SCENARIOS.filter(({ name }) => name.includes(context.only ?? ''))
      : SCENARIOS.slice(0, 1);
    const outcomes = await inLanes(LANES[context.driver], scenarios, (scenario) =>
      interrupt(context, scenario),
    );
    problems.push(...outcomes.flatMap((outcome) => outcome.problems));
    const edges = outcomes.reduce((sum, outcome) => sum + outcome.edges, 0);
    const slowestMs = Math.max(0, ...outcomes.map((outcome) => outcome.slowestMs));
    return [
      measured('operations', scenarios.length),
      moreThan('fault points', edges, 0),
      none('stuck, orphaned, duplicated or never reached', problems),
      below('slowest recovery', slowestMs / 1000, BACK_WITHIN_MS / 1000, 's'),
    ];
  },
};

/**
 * Each scenario has its own stack, so that anything left behind on the machine can be attributed to the
 * scenario.
 */
async function interrupt(context: ProofContext, scenario: Scenario): Promise<Outcome> {
  const equipment = scenario.equipment?.();
  const armed = context.size === 'small' && { ATLAS_FAULT_POINT: `${SMALL_EDGE}:kill` };
  const scene = await Scene.open(context, { ...equipment?.env, ...armed });
  const problems: string[] = [];
  let [edges, slowestMs] = [0, 0];
  try {
    for (const batch of batchesOf(scenario, context)) {
      const outcome = await killAtEach(scene, scenario, batch);
      edges += batch.length;
      problems.push(...outcome.problems);
      slowestMs = Math.max(slowestMs, outcome.slowestMs);
      const told =
        outcome.problems.join('; ') || `all recovered within ${(outcome.slowestMs / 1000).toFixed(1)} s`;
      context.progress(`${scenario.name}: ${batch.map(shortOf).join(', ')}: ${told}`);
    }
  } catch (error) {
    problems.push(`${scenario.name}: ${(error as Error).message}`);
    context.progress(problems.at(-1) ?? '');
  } finally {
    await scene.close();
    equipment?.remove();
  }
  return { edges, problems, slowestMs };
}

function batchesOf({ operation, steps, isAlone }: Scenario, { size, driver }: ProofContext): string[][] {
  if (size === 'small') return [[SMALL_EDGE]];
  const backwards = [...steps].reverse();
  return MOMENTS.flatMap((moment) => {
    const edges = backwards.map((step) => `${operation}/${step}/${moment}`);
    const many = isAlone ? 1 : AT_ONCE[driver];
    return Array.from({ length: Math.ceil(edges.length / many) }, (_, at) =>
      edges.slice(at * many, (at + 1) * many),
    );
  });
}

/**
 * Interrupts one subject at each of the given points, starting with the last step. Subjects that were
 * interrupted earlier continue at the same time, and must not reach a fault point that is armed for another
 * subject.
 */
async function killAtEach(scene: Scene, scenario: Scenario, edges: readonly string[]): Promise<Outcome> {
  const subjects = await Promise.all(edges.map(() => scenario.prepare(scene, scene.newSlug())));
  const problems: string[] = [];
  for (const [at, edge] of edges.entries()) {
    const doomed = scene.isSmall ? scene.stack.controlPlane : await scene.restart(`${edge}:kill`);
    // The client sees either a broken connection or a response.
    await scenario.begin(scene, subjects[at] as Subject).catch(() => undefined);
    if (!(await endedInTime(doomed.exited, REACHED_WITHIN_MS))) problems.push(`${edge}: never reached`);
  }
  if (scene.isSmall) await scene.expireLeases();
  await scene.restart();
  const backAt = Date.now();
  let slowestMs = 0;
  const check = async (subject: Subject, edge: string): Promise<void> => {
    const problem = await problemAfter(scene, scenario, subject, backAt + BACK_WITHIN_MS).catch(
      (error: Error) => error.message,
    );
    slowestMs = Math.max(slowestMs, Date.now() - backAt);
    if (problem !== undefined) problems.push(`${edge}: ${problem}`);
  };
  await Promise.all(subjects.map((subject, at) => check(subject, edges[at] ?? '')));
  problems.push(...(await leftovers(scene)).map((left) => `${scenario.name}: ${left}`));
  await Promise.all(subjects.map(({ slug }) => scene.uninstall(slug)));
  return { edges: edges.length, problems, slowestMs };
}

/** The client repeats the request until it gets a response. The operation's only job must then succeed. */
async function problemAfter(
  scene: Scene,
  scenario: Scenario,
  subject: Subject,
  deadline: number,
): Promise<string | undefined> {
  await scenario.begin(scene, subject);
  const job = await endedJob(scene, scenario, subject, deadline - Date.now());
  if (job.status !== 'succeeded') return `the job did not succeed: ${JSON.stringify(job)}`;
  return scenario.problem(scene, subject);
}

function shortOf(edge: string): string {
  return edge.split('/').slice(1).join('/');
}
