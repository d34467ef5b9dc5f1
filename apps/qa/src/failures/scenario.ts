import { type SessionView, type TenantView, eventually, request } from '@atlas/testing';
import { type Scene } from './scene';

/** What an operation is applied to. */
export interface Subject {
  readonly slug: string;
  /** How often it has been requested, since it was undone before. */
  attempt?: number;
  /** Set once the tenant exists. */
  tenantId?: string;
  /** Set for an operation on a plane as a whole. */
  planeId?: string;
  /** Set for a job on the whole fleet. */
  jobId?: string;
  /** A signed-in user, and what the tenant's rows were before. */
  session?: SessionView;
  rows?: string;
}

export interface Equipment {
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** One operation in one form, to be interrupted at each of its steps. */
export interface Scenario {
  readonly name: string;
  /** One of the Control Plane's operations. */
  readonly operation: string;
  /** In order. */
  readonly steps: readonly string[];
  /** A fleet operation is run by itself: a second one would be refused meanwhile. */
  readonly isAlone?: boolean;
  /** Additional equipment for its Control Plane. */
  readonly equipment?: () => Equipment;
  /** Creates the subject, with a Control Plane that has no fault. */
  prepare(scene: Scene, slug: string): Promise<Subject>;
  /**
   * Requests the operation and follows the answer's instructions. Calling it again repeats the same request.
   */
  begin(scene: Scene, subject: Subject): Promise<void>;
  /** What is wrong after it has succeeded. */
  problem(scene: Scene, subject: Subject): Promise<string | undefined>;
}

interface JobView {
  readonly id: string;
  readonly status: string;
  readonly error: unknown;
}

/** Newest first, by slug: this would reveal two tenants created by one request. */
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

/** The job requested last, once it has ended; there have to be exactly as many jobs as were requested. */
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
    throw new Error(`has not ended after ${timeoutMs / 1000} s: ${JSON.stringify(last)}`);
  });
}

export async function tenantNow({ stack }: Scene, { slug, tenantId }: Subject): Promise<TenantView> {
  return (await stack.api<TenantView>(`/api/tenants/${tenantId ?? slug}`)).body;
}

export function statusProblem(is: TenantView, wanted: string): string | undefined {
  return is.status === wanted ? undefined : `the tenant is ${is.status}, not ${wanted}`;
}

/** An active tenant has to be served at the address in its row. */
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

/** What its users see of it, as text. */
export async function rowsNow(scene: Scene, subject: Subject): Promise<string> {
  const { id, endpoint_url: at } = await tenantNow(scene, subject);
  const headers = { 'x-tenant-id': id, authorization: `Bearer ${subject.session?.token}` };
  const paths = ['/api/incidents', '/api/auth/me'];
  const answers = paths.map(async (path) => (await request(`${at}${path}`, { headers })).body);
  return JSON.stringify(await Promise.all(answers));
}

/** As `servedProblem`; in addition, the rows have to be unchanged. */
export async function rowsProblem(scene: Scene, subject: Subject): Promise<string | undefined> {
  const problem = await servedProblem(scene, subject);
  if (problem !== undefined) return problem;
  const now = await rowsNow(scene, subject);
  return now === subject.rows ? undefined : `its rows were ${subject.rows} and are ${now}`;
}
