import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type PlaneProcess, eventually } from '@atlas/testing';
import { leftovers } from '../failures/leftovers';
import { type Subject, endedJob, servedProblem } from '../failures/scenario';
import { provision } from '../failures/scenarios';
import { Scene } from '../failures/scene';
import { all, measured, none } from '../figures';
import { type Proof, type ProofContext } from '../proof';

const MOMENTS = ['before', 'after-effect', 'after-record'] as const;
/** How many Control Plane processes are stopped at the same time. */
const AT_ONCE = 6;
/**
 * A lease takes 15 s to expire. If a step is stopped inside its transaction, it takes another 30 s until the
 * server aborts the transaction.
 */
const TAKEN_OVER_WITHIN_MS = 90_000;
const PAUSED: Readonly<Record<string, number>> = { shared: 3, dedicated: 1 };
/** Only a worker has a lease, so no job may continue without one. */
const BY_WORKERS = { ATLAS_FAULT_POINT: 'provision/carry/before:throw' };
const REFUSED = /no longer holds job/g;

/** A stopped process, and the point at which it paused its jobs. */
interface Stopped {
  readonly edge: string;
  readonly plane: PlaneProcess;
  /** The number of jobs that have paused at this point so far. */
  readonly paused: () => number;
}

interface Outcome {
  readonly paused: number;
  readonly refused: number;
  readonly problems: readonly string[];
}

/**
 * A worker is paused for longer than its lease, and another worker takes over its job. When the first worker
 * resumes, it writes nothing.
 *
 * Runs only on Postgres. SQLite does not allow a second process, so there is never another worker.
 *
 * To see it fail: in `Jobs.save` and `Jobs.hold`, find the job by its id alone.
 */
export const proof: Proof = {
  goal:
    'workers paused past their lease at every step: 100 % of their late writes refused, exactly one ' +
    'effect',
  databases: ['postgres'],
  // The proof does not run at the reduced size, because a lease takes 15 s to expire.
  smallOn: [],
  async run(context) {
    const outcomes: Outcome[] = [];
    for (const model of ['shared', 'dedicated'] as const) outcomes.push(await pauseAtEach(context, model));
    const sum = (of: 'paused' | 'refused') => outcomes.reduce((total, outcome) => total + outcome[of], 0);
    const problems = outcomes.flatMap((outcome) => outcome.problems);
    return [
      measured('jobs whose worker was paused past its lease', sum('paused')),
      all('refused when the worker resumed', sum('refused'), sum('paused')),
      none('effects of paused workers', problems),
    ];
  },
};

async function pauseAtEach(context: ProofContext, model: DeploymentModel): Promise<Outcome> {
  const scene = await Scene.open(context, BY_WORKERS);
  const edges = edgesOf(model).filter((edge) => `${model} ${edge}`.includes(context.only ?? ''));
  const total = { paused: 0, refused: 0, problems: [] as string[] };
  try {
    for (let at = 0; at < edges.length; at += AT_ONCE) {
      const outcome = await pauseTogether(scene, model, edges.slice(at, at + AT_ONCE), context.progress);
      total.paused += outcome.paused;
      total.refused += outcome.refused;
      total.problems.push(...outcome.problems);
      context.progress(
        `${model}: ${total.paused} paused, ${total.refused} refused ${total.problems.join('; ')}`,
      );
    }
    total.problems.push(...(await leftovers(scene)));
  } finally {
    await scene.close();
  }
  return total;
}

/** The points before and after each step, except the very last, since a finished job has no lease. */
function edgesOf(model: DeploymentModel): string[] {
  const { operation, steps } = provision(model);
  return steps.flatMap((step) => MOMENTS.map((moment) => `${operation}/${step}/${moment}`)).slice(0, -1);
}

async function pauseTogether(
  scene: Scene,
  model: DeploymentModel,
  edges: readonly string[],
  show: (log: string) => void,
): Promise<Outcome> {
  const subjects: Subject[] = [];
  const stopped: Stopped[] = [];
  for (const edge of edges) stopped.push(await stopAt(scene, model, edge, subjects));
  const problems = (await Promise.all(subjects.map((subject) => takenOver(scene, model, subject)))).filter(
    (problem) => problem !== undefined,
  );
  const before = await snapshot(scene);
  const counts = await Promise.all(stopped.map((one) => wakeUp(one, show)));
  const after = await snapshot(scene);
  for (const [table, rows] of Object.entries(before)) {
    const now = after[table] ?? [];
    const changed = [
      ...now.filter((row) => !rows.includes(row)),
      ...rows.filter((row) => !now.includes(row)),
    ];
    problems.push(...changed.map((row) => `${table}: ${row}`));
  }
  await Promise.all(stopped.map(({ plane }) => plane.end('SIGKILL')));
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  return { paused: sum(stopped.map(({ paused }) => paused())), refused: sum(counts), problems };
}

/**
 * Starts a process, requests tenants until the process has paused enough of their jobs, and then stops it.
 * Another process competes for the jobs, so the process does not get all of them.
 */
async function stopAt(
  scene: Scene,
  model: DeploymentModel,
  edge: string,
  subjects: Subject[],
): Promise<Stopped> {
  const plane = await scene.stack.anotherControlPlane({ ATLAS_FAULT_POINT: `${edge}:pause` });
  const paused = (): number => plane.output().split(`Fault point ${edge}: pause`).length - 1;
  while (paused() < (PAUSED[model] ?? 1)) {
    const subject: Subject = { slug: scene.newSlug() };
    const before = paused();
    await provision(model).begin(scene, subject);
    subjects.push(subject);
    const isTaken = async (): Promise<boolean> =>
      paused() > before ||
      (await scene.stack.api(`/api/tenants/${subject.tenantId}`)).body['status'] === 'active';
    await eventually(isTaken, { timeoutMs: TAKEN_OVER_WITHIN_MS, what: `${subject.slug} is taken` });
  }
  process.kill(plane.pid, 'SIGSTOP');
  return { edge, plane, paused };
}

async function takenOver(
  scene: Scene,
  model: DeploymentModel,
  subject: Subject,
): Promise<string | undefined> {
  const ended = () => endedJob(scene, provision(model), subject, TAKEN_OVER_WITHIN_MS);
  let job = await ended();
  // If several processes were stopped inside a transaction, they can together keep a row locked for so long
  // that the retries of the step run out.
  if (job.status === 'failed' && JSON.stringify(job.error).includes('lock timeout')) {
    await scene.stack.api(`/api/provisioning-jobs/${job.id}/retry`, { method: 'POST' });
    job = await ended();
  }
  return job.status === 'succeeded' ? servedProblem(scene, subject) : JSON.stringify(job);
}

/**
 * Resumes the process, and returns how many of its paused jobs had their writes refused. Shows the log of the
 * process if a refusal is missing.
 */
async function wakeUp({ edge, plane, paused }: Stopped, show: (log: string) => void): Promise<number> {
  const before = plane.output().length;
  process.kill(plane.pid, 'SIGCONT');
  process.kill(plane.pid, 'SIGUSR2');
  // The process may also have leases on other jobs. Refusals for those do not count.
  const refused = (): number => Math.min(plane.output().match(REFUSED)?.length ?? 0, paused());
  await eventually(() => refused() === paused(), { timeoutMs: 30_000 }).catch(() =>
    show(
      `${edge}: ${refused()} of ${paused()} refused. Log since it resumed:\n${plane.output().slice(before)}`,
    ),
  );
  return refused();
}

/** Everything that a worker writes, for all tenants, row by row. */
async function snapshot({ control }: Scene): Promise<Record<string, readonly string[]>> {
  const tables: Readonly<Record<string, readonly [key: string, columns: string]>> = {
    provisioning_jobs: ['id', '*'],
    tenants: ['id', '*'],
    placements: ['tenant_id, tenant_plane_id', '*'],
    provisioning_tokens: ['id', '*'],
    // Leaves out last_used_at, since planes keep making calls.
    service_keys: ['id', 'id, tenant_plane_id, secret_sealed, created_at, activated_at, revoked_at'],
    local_planes: ['tenant_plane_id', '*'],
    // Leaves out the columns of the seal, since any process may seal events at any time.
    audit_events: ['id', 'id, at, actor_kind, actor_id, action, target_id, before, after'],
  };
  const rows: Record<string, readonly string[]> = {};
  for (const [table, [key, columns]] of Object.entries(tables))
    rows[table] = (await control.query(`select ${columns} from ${table} order by ${key}`)).map((row) =>
      JSON.stringify(row),
    );
  return rows;
}
