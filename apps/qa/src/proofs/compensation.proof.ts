import { DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { inLanes } from '../failures/lanes';
import { leftovers } from '../failures/leftovers';
import {
  type Scenario,
  type Subject,
  endedJob,
  rowsProblem,
  statusProblem,
  tenantNow,
} from '../failures/scenario';
import { move, provision, restore } from '../failures/scenarios';
import { Scene } from '../failures/scene';
import { all, measured, none } from '../figures';
import { type Proof, type ProofContext } from '../proof';

const MOMENTS = ['before', 'after-effect'] as const;
const UNDONE_WITHIN_MS = 30_000;
const LANES = 2;

/** An operation that is undone if one of its steps fails permanently. */
interface Undoable {
  readonly scenario: Scenario;
  /** The last step whose failure undoes the operation. */
  readonly lastStep: string;
  /** Returns what is wrong after the operation has been undone, or undefined. */
  problem(scene: Scene, subject: Subject): Promise<string | undefined>;
}

const UNDOABLE: readonly Undoable[] = [
  ...DEPLOYMENT_MODELS.map((model) => ({
    scenario: provision(model),
    lastStep: 'activate',
    problem: isDeleted,
  })),
  { scenario: move('shared', 'dedicated'), lastStep: 'cut-over', problem: rowsProblem },
  { scenario: move('dedicated', 'shared'), lastStep: 'cut-over', problem: rowsProblem },
  { scenario: restore('shared'), lastStep: 'reinstate', problem: isRestorable },
  { scenario: restore('dedicated'), lastStep: 'reinstate', problem: isRestorable },
];

interface Outcome {
  readonly edges: number;
  readonly again: number;
  readonly problems: readonly string[];
}

/**
 * After a permanent failure of a step, the operation leaves nothing behind, and the same request succeeds
 * when repeated.
 *
 * To see it fail: in `ReservePlaceStep.undo`, leave out `freePlace`.
 */
export const proof: Proof = {
  goal:
    'a permanent failure at each step of provisioning, moving and restoring: 0 resources left behind, ' +
    'and the same request succeeds when repeated',
  databases: ['sqlite', 'postgres'],
  // Covered at the reduced size by control-plane/test/jobs/job-control.cases.ts and
  // e2e/test/dedicated.spec.ts.
  smallOn: [],
  async run(context) {
    const { size, only = '' } = context;
    const chosen = UNDOABLE.filter(({ scenario }) => scenario.name.includes(only));
    const undoable = size === 'full' ? chosen : chosen.slice(0, 1);
    const outcomes = await inLanes(LANES, undoable, (one) => failAtEach(context, one));
    const problems = outcomes.flatMap((outcome) => outcome.problems);
    const sum = (of: 'edges' | 'again') => outcomes.reduce((total, outcome) => total + outcome[of], 0);
    return [
      measured('operations', undoable.length),
      measured('permanent failures', sum('edges')),
      all('repeated requests that succeed', sum('again'), sum('edges')),
      none('leftovers and other problems', problems),
    ];
  },
};

async function failAtEach(context: ProofContext, undoable: Undoable): Promise<Outcome> {
  const { scenario } = undoable;
  const scene = await Scene.open(context);
  const problems: string[] = [];
  let [edges, again] = [0, 0];
  try {
    for (const batch of batchesOf(undoable, context)) {
      const subjects = await failAt(scene, undoable, batch, problems);
      edges += batch.length;
      again += await askAgain(scene, scenario, subjects, problems);
      await Promise.all(subjects.map(({ slug }) => scene.uninstall(slug)));
      context.progress(
        `${scenario.name}: ${edges} failures, ${again} repeats succeeded ${problems.join('; ')}`,
      );
    }
  } catch (error) {
    problems.push(`${scenario.name}: ${(error as Error).message}`);
  } finally {
    await scene.close();
  }
  return { edges, again, problems };
}

function batchesOf({ scenario, lastStep }: Undoable, { size }: ProofContext): string[][] {
  const { operation, steps } = scenario;
  if (size === 'small') return [[`${operation}/prepare-signup-link/after-effect`]];
  const undone = steps.slice(0, steps.indexOf(lastStep) + 1);
  return MOMENTS.map((moment) => undone.map((step) => `${operation}/${step}/${moment}`));
}

/**
 * Makes the operation fail at each of the given points, each time for a different subject. Once all have
 * failed, nothing may be left behind.
 */
async function failAt(
  scene: Scene,
  { scenario, problem }: Undoable,
  edges: readonly string[],
  problems: string[],
): Promise<Subject[]> {
  const subjects = await Promise.all(edges.map(() => scenario.prepare(scene, scene.newSlug())));
  for (const [at, edge] of edges.entries()) {
    const subject = subjects[at] as Subject;
    await scene.restart(`${edge}:fail`);
    await scenario.begin(scene, subject);
    const { status, error } = await endedJob(scene, scenario, subject, UNDONE_WITHIN_MS);
    const isUndone = status === 'cancelled' && JSON.stringify(error).includes('fault_point');
    const found = isUndone ? await problem(scene, subject) : `${status}: ${JSON.stringify(error)}`;
    if (found !== undefined) problems.push(`${edge}: ${found}`);
  }
  problems.push(...(await leftovers(scene)).map((left) => `${scenario.name}: ${left}`));
  return subjects;
}

/** Repeats the operation for each subject, without a fault. Returns how many of them succeeded. */
async function askAgain(
  scene: Scene,
  scenario: Scenario,
  subjects: readonly Subject[],
  problems: string[],
): Promise<number> {
  await scene.restart();
  const again = async (subject: Subject): Promise<boolean> => {
    await scene.uninstall(subject.slug);
    subject.attempt = 2;
    await scenario.begin(scene, subject);
    const { status, error } = await endedJob(scene, scenario, subject, UNDONE_WITHIN_MS);
    const found = status === 'succeeded' ? await scenario.problem(scene, subject) : JSON.stringify(error);
    if (found !== undefined) problems.push(`${scenario.name}, again: ${found}`);
    return found === undefined;
  };
  const succeeded = await Promise.all(subjects.map(again));
  problems.push(...(await leftovers(scene)).map((left) => `${scenario.name}, again: ${left}`));
  return succeeded.filter(Boolean).length;
}

async function isDeleted(scene: Scene, subject: Subject): Promise<string | undefined> {
  const tenant = await tenantNow(scene, subject);
  const hasMore = tenant.has_db_url || tenant.endpoint_url !== null || tenant.tenant_plane_id !== null;
  return (
    statusProblem(tenant, 'deleted') ??
    (hasMore ? `the deleted tenant still has ${JSON.stringify(tenant)}` : undefined)
  );
}

async function isRestorable(scene: Scene, subject: Subject): Promise<string | undefined> {
  const dryRun = await scene.stack.api(`/api/tenants/${subject.tenantId}/restore?dry_run=true`, { body: {} });
  return dryRun.status === 200 ? undefined : `the tenant cannot be restored: ${JSON.stringify(dryRun.body)}`;
}
