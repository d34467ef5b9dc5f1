import { type TenantView, type TestStack, eventually } from '@atlas/testing';
import { all, measured } from '../figures';
import { type Proof, type ProofContext } from '../proof';
import { TenantRows } from '../tenant-rows';

const SIZES = {
  small: { tenants: 1, incidents: 5 },
  full: { tenants: 20, incidents: 500 },
} as const;

/** A paused job occupies one of the Control Plane's workers, of which there are ten on Postgres. */
const PAUSED_AT_ONCE = 5;
const FAULT_POINT = 'deprovision/remove-copies/before';
const PAUSED = new RegExp(`Fault point ${FAULT_POINT}: pause`, 'g');

interface Scene {
  readonly stack: TestStack;
  /** The databases of the tenant plane and of the Control Plane. */
  readonly plane: TenantRows;
  readonly control: TenantRows;
  readonly tell: ProofContext['progress'];
}

/**
 * Nothing is removed unless its backup can be restored. A restore brings back every row, and a purge leaves
 * no rows behind.
 *
 * To see it fail: in `RemoveCopiesStep.run`, leave out `this.backup.require`.
 */
export const proof: Proof = {
  goal:
    '0 removals with a damaged backup; restored rows equal the originals; after the purge 0 rows in ' +
    'tables and backups, and the slug is never assigned again',
  databases: ['sqlite', 'postgres'],
  // Covered at the reduced size by control-plane/test/deprovision.spec.ts and e2e/test/deprovision.spec.ts.
  smallOn: [],
  async run(context) {
    const { tenants: count, incidents } = SIZES[context.size];
    const scene = await open(context);
    const counts = { refused: 0, equal: 0, empty: 0, erased: 0, tombs: 0 };
    try {
      const tenants = await Promise.all(
        Array.from({ length: count }, (_, i) => inhabited(scene.stack, `leaver-${i + 1}`, incidents)),
      );
      await scene.plane.settle();
      const before = new Map<string, readonly string[]>();
      for (const { id } of tenants) before.set(id, await scene.plane.of(id));
      counts.refused = await behindDamagedBackups(scene, tenants, before);
      context.progress(`${counts.refused} of ${count} tenants with a damaged backup were not removed`);
      await Promise.all(
        tenants.map((tenant) => thereAndBack(scene, tenant, before.get(tenant.id) ?? [], counts)),
      );
      await letTheMonthEnd(scene);
      await Promise.all(tenants.map((tenant) => purged(scene, tenant, counts)));
    } finally {
      await Promise.all([scene.plane.close(), scene.control.close()]);
    }
    return [
      measured('tenants', count),
      measured('incidents per tenant', incidents),
      all('tenants kept because of a damaged backup', counts.refused, count),
      all('tenants restored row by row', counts.equal, count),
      all('tenants without a row after removal', counts.empty, count),
      all('tenants without a backup after the purge', counts.erased, count),
      all('slugs not assigned again', counts.tombs, count),
    ];
  },
};

async function open({ served, progress: tell }: ProofContext): Promise<Scene> {
  const { stack, planeDatabase } = await served();
  const control = await TenantRows.open(stack.controlPlaneDatabase);
  return { stack, plane: await TenantRows.open(planeDatabase), control, tell };
}

async function inhabited(stack: TestStack, slug: string, incidents: number): Promise<TenantView> {
  const { tenant, session } = await stack.tenantWithAdmin(slug);
  for (let n = 1; n <= incidents; n += 1)
    await stack.tenant(slug, '/api/incidents', {
      session: session.token,
      body: { title: `Incident ${n}`, severity: 'P3' },
    });
  return tenant;
}

/**
 * Damages each backup in the Control Plane's database, after it has been verified and before anything is
 * removed. Returns how many tenants were not removed.
 */
async function behindDamagedBackups(
  scene: Scene,
  tenants: readonly TenantView[],
  before: ReadonlyMap<string, readonly string[]>,
): Promise<number> {
  const { stack } = scene;
  await stack.controlPlane.end();
  await stack.startControlPlane({ ATLAS_FAULT_POINT: `${FAULT_POINT}:pause` });
  let refused = 0;
  for (let at = 0; at < tenants.length; at += PAUSED_AT_ONCE)
    refused += await damaged(scene, tenants.slice(at, at + PAUSED_AT_ONCE), before);
  await stack.controlPlane.end();
  await stack.startControlPlane();
  return refused;
}

async function damaged(
  { stack, plane, control }: Scene,
  tenants: readonly TenantView[],
  before: ReadonlyMap<string, readonly string[]>,
): Promise<number> {
  const { controlPlane } = stack;
  const paused = (): number => controlPlane.output().match(PAUSED)?.length ?? 0;
  const pausedBefore = paused();
  const jobs = await Promise.all(tenants.map((tenant) => begin(stack, tenant, 'deprovision')));
  const areAllPaused = async (): Promise<boolean> => paused() - pausedBefore === tenants.length;
  await eventually(areAllPaused, {
    timeoutMs: 60_000,
    what: 'all backups are stored, and all jobs are paused',
  });
  await control.query(
    `update transfer_parts set sealed = substr(sealed, 1, length(sealed) - 8) || 'AAAAAAAA'`,
  );
  process.kill(controlPlane.pid, 'SIGUSR2');
  let refused = 0;
  for (const [index, { id }] of tenants.entries()) {
    const job = await ended(stack, jobs[index] ?? '');
    const isUntouched = same(await plane.of(id), before.get(id) ?? []);
    if (job.status === 'failed' && job.error?.code === 'backup_unreadable' && isUntouched) refused += 1;
    await stack.api(`/api/provisioning-jobs/${jobs[index]}/rollback`, { method: 'POST' });
    await stack.awaitActive(id);
  }
  return refused;
}

type Counts = Record<'equal' | 'empty' | 'erased' | 'tombs', number>;

/** Removes a tenant, restores it and removes it again. */
async function thereAndBack(
  { stack, plane }: Scene,
  tenant: TenantView,
  before: readonly string[],
  counts: Counts,
): Promise<void> {
  const { id } = tenant;
  await ended(stack, await begin(stack, tenant, 'deprovision'));
  const isEmpty = (await plane.of(id)).length === 0;
  await ended(stack, await begin(stack, tenant, 'restore'));
  if (same(await plane.of(id), before)) counts.equal += 1;
  await ended(stack, await begin(stack, tenant, 'deprovision'));
  if (isEmpty && (await plane.of(id)).length === 0) counts.empty += 1;
}

/**
 * Ends the restore window. Must not run during a request, because SQLite aborts a transaction if another
 * process has written in the meantime.
 */
async function letTheMonthEnd({ control }: Scene): Promise<void> {
  await control.query('update tenants set restorable_until = created_at where restorable_until is not null');
}

async function purged({ stack, control, tell }: Scene, tenant: TenantView, counts: Counts): Promise<void> {
  const { id, slug } = tenant;
  const isDeleted = async () => (await stack.api<TenantView>(`/api/tenants/${id}`)).body.status === 'deleted';
  await eventually(isDeleted, { timeoutMs: 30_000, what: `${slug} is deleted` });
  const certificate = await stack.api(`/api/tenants/${id}/deletion-certificate`);
  const backups = await control.query(
    'select 1 from transfers t left join transfer_parts p on p.transfer_id = t.id where t.tenant_id ' +
      '= $1 and (t.key_sealed is not null or p.part is not null)',
    [id],
  );
  if (backups.length === 0 && certificate.status === 200) counts.erased += 1;
  const again = (await stack.provision(slug)).body as { code?: string };
  if (again.code === 'slug_taken') counts.tombs += 1;
  else tell(`requesting ${slug} again returned ${JSON.stringify(again)}`);
}

interface JobView {
  readonly status: string;
  readonly error: { readonly code: string } | null;
}

async function begin(stack: TestStack, { id, slug }: TenantView, operation: string): Promise<string> {
  const body = operation === 'deprovision' ? { confirm_slug: slug } : {};
  const answer = await stack.api<{ job: { id: string } }>(`/api/tenants/${id}/${operation}`, { body });
  if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
  return answer.body.job.id;
}

function ended(stack: TestStack, id: string): Promise<JobView> {
  const look = async (): Promise<JobView | false> => {
    const { body } = await stack.api<JobView>(`/api/provisioning-jobs/${id}`);
    return ['succeeded', 'failed', 'cancelled'].includes(body.status) && body;
  };
  return eventually(look, { timeoutMs: 60_000, what: `job ${id} is over` });
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((row, index) => row === other[index]);
}
