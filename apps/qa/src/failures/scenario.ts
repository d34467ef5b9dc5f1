import { type SessionView, type TenantView, eventually, request } from '@atlas/testing';
import { type Scene } from './scene';

/** What an operation is applied to. */
export interface Subject {
  readonly slug: string;
  /** How many times the operation has been requested. Whenever it has been undone, it is requested again. */
  attempt?: number;
  /** Set once the tenant exists. */
  tenantId?: string;
  /** Set for an operation on a plane as a whole. */
  planeId?: string;
  /** Set for a job on the whole fleet. */
  jobId?: string;
  /** A user's session, and the tenant's rows as the user saw them before the operation. */
  session?: SessionView;
  rows?: string;
}

export interface Equipment {
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** One variant of an operation, to be interrupted at each of its steps. */
export interface Scenario {
  readonly name: string;
  /** The name of the operation in the Control Plane. */
  readonly operation: string;
  /** The names of its steps, in order. */
  readonly steps: readonly string[];
  /** Whether it must run alone, because a second fleet operation would be refused. */
  readonly isAlone?: boolean;
  /** Anything else that the Control Plane needs to run the operation. */
  readonly equipment?: () => Equipment;
  /** Creates the subject, before the fault point is armed. */
  prepare(scene: Scene, slug: string): Promise<Subject>;
  /**
   * Requests the operation and follows the instructions in the response. A second call repeats the same
   * request.
   */
  begin(scene: Scene, subject: Subject): Promise<void>;
  /** Checks the result after the operation has succeeded. Returns what is wrong, or undefined. */
  problem(scene: Scene, subject: Subject): Promise<string | undefined>;
}

interface JobView {
  readonly id: string;
  readonly status: string;
  readonly error: unknown;
}

/**
 * The subject's jobs, newest first. A tenant's jobs are found by slug, so that a second tenant created by the
 * same request would be noticed.
 */
function jobsOf(
  { control }: Scene,
  { slug, planeId, jobId }: Subject,
  operation: string,
): Promise<JobView[]> {
  const jobs = 'select j.id, j.status, j.error from provisioning_jobs j';
  if (jobId !== undefined) return control.query(`${jobs} where j.id = $1`, [jobId]);
  return planeId === undefined
    ? control.query(
        `${jobs} join tenants t on t.id = j.tenant_id where t.slug = $1 and j.operation = $2 order ` +
          'by j.id desc',
        [slug, operation],
      )
    : control.query(`${jobs} where j.tenant_plane_id = $1 and j.operation = $2`, [planeId, operation]);
}

/**
 * Waits until the most recently requested job is over, and returns it. There must be exactly as many jobs as
 * requests.
 */
export async function endedJob(
  scene: Scene,
  { operation }: Scenario,
  subject: Subject,
  timeoutMs: number,
): Promise<JobView> {
  let last: JobView[] = [];
  const hasEnded = async (): Promise<JobView | undefined | false> => {
    last = await jobsOf(scene, subject, operation);
    return (
      last.length === (subject.attempt ?? 1) &&
      ['succeeded', 'failed', 'cancelled'].includes(last[0]?.status ?? '') &&
      last[0]
    );
  };
  return eventually(hasEnded, { timeoutMs, everyMs: 100 }).catch(() => {
    throw new Error(`the job is not over after ${timeoutMs / 1000} s: ${JSON.stringify(last)}`);
  });
}

export async function tenantNow({ stack }: Scene, { slug, tenantId }: Subject): Promise<TenantView> {
  return (await stack.api<TenantView>(`/api/tenants/${tenantId ?? slug}`)).body;
}

export function statusProblem(is: TenantView, wanted: string): string | undefined {
  return is.status === wanted ? undefined : `the tenant is ${is.status}, not ${wanted}`;
}

/** Checks that the tenant is active and is served at the address in its row. */
export async function servedProblem(scene: Scene, subject: Subject): Promise<string | undefined> {
  const tenant = await tenantNow(scene, subject);
  const headers = { 'x-tenant-id': tenant.id };
  const isServed = async (): Promise<boolean> =>
    (await request(`${tenant.endpoint_url}/api/tenant-default`, { headers })).status === 200;
  const served = eventually(isServed, { timeoutMs: 10_000 }).then(
    () => undefined,
    () => `the tenant is not served at ${tenant.endpoint_url}`,
  );
  return statusProblem(tenant, 'active') ?? served;
}

/** What the tenant's users see, serialised as text. */
export async function rowsNow(scene: Scene, subject: Subject): Promise<string> {
  const { id, endpoint_url: at } = await tenantNow(scene, subject);
  const headers = { 'x-tenant-id': id, authorization: `Bearer ${subject.session?.token}` };
  const paths = ['/api/incidents', '/api/auth/me'];
  const answers = paths.map(async (path) => (await request(`${at}${path}`, { headers })).body);
  return JSON.stringify(await Promise.all(answers));
}

/** Like `servedProblem`, but also checks that the tenant's rows are unchanged. */
export async function rowsProblem(scene: Scene, subject: Subject): Promise<string | undefined> {
  const problem = await servedProblem(scene, subject);
  if (problem !== undefined) return problem;
  const now = await rowsNow(scene, subject);
  return now === subject.rows ? undefined : `the tenant's rows were ${subject.rows} and are now ${now}`;
}
