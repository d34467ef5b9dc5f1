import { JobRunner, type JobStatus, type StepState } from '@atlas/jobs';
import { OPERATION_NAMES, type OperationName } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { type TenantStatus, TENANT_STATUSES, createUuidSource, uuidv7 } from '@atlas/tenancy';
import { databasesOfLongSuite } from '@atlas/testing';
import { JobStarter, newProvisioningJob } from '../../src/provisioning-jobs/job-starter';
import { OPERATION_RULES } from '../../src/provisioning-jobs/operation-rules';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Placement } from '../../src/registry/placement.entity';
import { reservedPlacement } from '../../src/registry/placements';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { JobScene } from '../job-scene.fixture';
import { refusal } from '../plane-simulator.fixture';

/**
 * Each operation on a tenant, with the tenant statuses in which its job may be restarted if no newer job
 * exists.
 */
const ALONE: Readonly<Partial<Record<OperationName, readonly TenantStatus[]>>> = {
  provision: ['failed'],
  suspend: ['active', 'suspended'],
  resume: ['active', 'suspended'],
  move: ['active', 'suspended'],
  remove_copy: ['active', 'suspended'],
  deprovision: ['provisioning', 'active', 'suspended', 'failed', 'deprovisioning'],
  restore: ['active', 'suspended', 'deprovisioning'],
  purge: ['deprovisioning'],
};
const TENANT_OPERATIONS = Object.keys(ALONE) as OperationName[];

/** Newer operations, each with a status in which it can leave the tenant. */
const SINCE: readonly (readonly [OperationName, TenantStatus])[] = [
  ['provision', 'active'],
  ['suspend', 'suspended'],
  ['suspend', 'active'],
  ['resume', 'active'],
  ['resume', 'suspended'],
  ['move', 'active'],
  ['remove_copy', 'active'],
  // The tenant is active if the deprovisioning was cancelled early or followed by a restore.
  ['deprovision', 'active'],
  ['deprovision', 'deprovisioning'],
  ['restore', 'active'],
  ['restore', 'deprovisioning'],
  ['purge', 'deprovisioning'],
  ['purge', 'deleted'],
];

/** The only cases in which a job may be restarted despite a newer operation. */
const ALLOWED = [
  'move behind suspend, suspended',
  'move behind suspend, active',
  'move behind resume, active',
  'move behind resume, suspended',
  'move behind remove_copy, active',
  'move behind deprovision, active',
  'remove_copy behind remove_copy, active',
];
const ENDED = ['failed', 'cancelled'] as const;
const ACTIONS = ['retry', 'rollback'] as const;

describe.each(databasesOfLongSuite('postgres'))('restarting a failed or cancelled job on %s', (driver) => {
  let scene: JobScene;
  let template: Tenant;
  beforeAll(async () => {
    scene = await JobScene.set(driver);
    jest.spyOn(scene.plane.app.get(JobRunner), 'advance').mockResolvedValue(undefined);
    const { body } = await scene.plane.provision().expect(202);
    [template] = (await scene.plane.rows(Tenant, { id: body.tenant.id })) as [Tenant];
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await scene.plane.close();
  });

  let n = 0;
  const tenant = async (status: TenantStatus): Promise<string> => {
    const id = uuidv7(scene.plane.clock.now());
    await scene.plane.insert(Tenant, { ...template, id, slug: `matrix-${(n += 1)}`, status });
    return id;
  };
  const job = async (
    operation: OperationName,
    status: JobStatus,
    about: { tenantId: string | null; tenantPlaneId?: string },
    isHalfUndone = false,
  ): Promise<string> => {
    const at = new Date(scene.plane.clock.now().getTime() + (n += 1));
    const made = newProvisioningJob({ operation, ...about, steps: ['first', 'second'] }, at);
    const [first, second] = made.steps;
    // The first step has reserved the place. If the job is half undone, this step has failed to release the
    // place.
    const outputs = { tenant_plane_id: scene.cell.id };
    Object.assign(first as StepState, { status: isHalfUndone ? 'failed' : 'done', outputs });
    Object.assign(second as StepState, { status: isHalfUndone ? 'undone' : 'done' });
    const direction = isHalfUndone ? 'undo' : 'run';
    await scene.plane.insert(ProvisioningJob, { ...made, status, direction });
    return made.id;
  };
  const holdPlace = (tenantId: string) =>
    scene.plane.insert(
      Placement,
      reservedPlacement(
        { tenantId, tenantPlaneId: scene.cell.id, createdAt: scene.plane.clock.now() },
        'importing',
      ),
    );
  /** Whether the restart is accepted. Expects a refusal to be final and to say what to do instead. */
  const isRestarted = async (id: string, action: (typeof ACTIONS)[number]): Promise<boolean> => {
    const answer = await scene.act(id, action);
    if (answer.status === 202) return true;
    expect([...refusal(answer), answer.body.detail]).toEqual([
      409,
      'invalid_transition',
      expect.stringMatching(/\. .+\.$|can no longer be retried/),
    ]);
    return false;
  };

  it('is covered by a rule for each operation on a tenant', () => {
    const aboutNoTenant = ['rotate_secret', 'upgrade', 'drain', 'warm', 'cool', 'upgrade_wave'];
    expect([...TENANT_OPERATIONS, ...aboutNoTenant].sort()).toEqual([...OPERATION_NAMES].sort());
    for (const operation of TENANT_OPERATIONS) {
      expect(OPERATION_RULES[operation].restartsIn).not.toHaveLength(0);
      expect(SINCE.map(([since]) => since)).toContain(operation);
    }
  });

  it.each(TENANT_OPERATIONS)('is allowed for %s only in certain tenant statuses', async (operation) => {
    const restarted: string[] = [];
    for (const status of TENANT_STATUSES)
      for (const [index, action] of ACTIONS.entries()) {
        const id = await job(operation, ENDED[index] ?? 'failed', { tenantId: await tenant(status) });
        if (await isRestarted(id, action)) restarted.push(`${action} ${status}`);
      }
    const expected = ALONE[operation]?.flatMap((status) => ACTIONS.map((action) => `${action} ${status}`));
    expect(restarted.sort()).toEqual(expected?.sort());
  });

  it.each(TENANT_OPERATIONS)('is refused for %s if a newer job relies on its result', async (operation) => {
    for (const [isHeld, isHalfUndone] of [
      [true, false],
      [true, true],

      [false, false],
    ] as const) {
      const restarted = new Set<string>();
      for (const [since, status] of SINCE)
        for (const [index, action] of ACTIONS.entries()) {
          const tenantId = await tenant(status);
          const id = await job(operation, ENDED[index] ?? 'failed', { tenantId }, isHalfUndone);
          await job(since, since === 'deprovision' ? 'cancelled' : 'failed', { tenantId });
          if (isHeld) await holdPlace(tenantId);
          if (await isRestarted(id, action)) restarted.add(`${operation} behind ${since}, ${status}`);
        }
      const isAllowed = isHeld || !OPERATION_RULES[operation].makesPlace;
      const expected = ALLOWED.filter((one) => isAllowed && one.startsWith(`${operation} behind`));
      expect([...restarted].sort()).toEqual(expected.sort());
    }
  });

  it('is refused while another job of the tenant is running, even an older one', async () => {
    const tenantId = await tenant('active');
    await job('remove_copy', 'waiting', { tenantId });
    const id = await job('suspend', 'failed', { tenantId });
    for (const action of ACTIONS)
      expect(refusal(await scene.act(id, action))).toEqual([409, 'operation_in_progress']);
  });

  it("is refused once a newer job exists, even if the older job's clock was ahead", async () => {
    const { app, clock } = scene.plane;
    const tenantId = await tenant('active');
    const ahead = new Date(clock.now().getTime() + 60_000);
    const steps = ['first'];
    const before = {
      ...newProvisioningJob({ operation: 'suspend', tenantId, steps }, ahead),
      status: 'failed' as const,
    };
    // The older job's id comes from a separate source, as if another process had created it.
    const id = createUuidSource()(ahead);
    await scene.plane.insert(ProvisioningJob, { ...before, id });
    const since = await app
      .get(Database)
      .write((manager) => app.get(JobStarter).start(manager, { operation: 'move', tenantId, steps }));
    expect([since.id > id, since.createdAt > ahead]).toEqual([true, true]);
    await scene.plane.change(ProvisioningJob, { id: since.id }, { status: 'succeeded' });
    expect(await isRestarted(id, 'retry')).toBe(false);
  });

  it.each(['rotate_secret', 'upgrade', 'drain'] as const)(
    'is allowed for %s only if the plane is live and no newer job conflicts with it',
    async (operation) => {
      const restarted: string[] = [];
      for (const [since, status] of [
        [null, 'enrolled'],
        [null, 'retired'],
        ['rotate_secret', 'enrolled'],
        ['upgrade', 'enrolled'],
        ['drain', 'enrolled'],
      ] as const) {
        const { id: tenantPlaneId } = await scene.plane.registerCell();
        await scene.plane.change(TenantPlane, { id: tenantPlaneId }, { status });
        const about = { tenantId: null, tenantPlaneId };
        const id = await job(operation, 'failed', about);
        if (since !== null) await job(since, 'succeeded', about);
        if (await isRestarted(id, 'retry')) restarted.push(since ?? status);
      }
      const behind = operation === 'rotate_secret' ? [] : ['rotate_secret'];
      expect(restarted).toEqual(['enrolled', ...behind]);
    },
  );
});
