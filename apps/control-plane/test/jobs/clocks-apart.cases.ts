import { Attempts, JobQueue, JobRunner, LEASE_MS, StepFailure } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { OFFLINE_AFTER_SECONDS } from '@atlas/plane-contract';
import { keyIdOf } from '@atlas/service-auth';
import { FixedClock, eventually, setDatabaseTime } from '@atlas/testing';
import { In } from 'typeorm';
import { type ControlPlaneConfig } from '../../src/config/control-plane.config';
import { RemoveCopiesStep } from '../../src/operations/deprovision/remove-copies.step';
import { AwaitImportStep } from '../../src/operations/move/await-import.step';
import { Reports } from '../../src/plane-api/reports';
import { MAX_FREEZE_MS } from '../../src/provisioning-jobs/operation-rules';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../../src/provisioning-jobs/provisioning-jobs';
import { ProvisioningWaker } from '../../src/provisioning-jobs/provisioning-waker';
import { JobUnattendedCheck } from '../../src/reconcile/checks/job-unattended.check';
import { ReconcileRounds } from '../../src/reconcile/reconcile-rounds';
import { ReconcileTurn } from '../../src/reconcile/reconcile-state.entity';
import { ReconcileTimer } from '../../src/reconcile/reconcile-timer';
import { type JobSubject, JobSubjects } from '../../src/reconcile/subjects/job-subjects';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { nextRun, sealedPart, sendPart } from '../backup-part.fixture';
import { TestControlPlane } from '../control-plane.fixture';
import { JOBS, JobScene, oneByOne } from '../job-scene.fixture';
import { Traveller } from '../travel-scene.fixture';

const LEASE_SECONDS = LEASE_MS / 1000;
/** The time limit of the step that waits for the first report from a tenant's plane. */
const PATIENCE_MS = 15 * 60_000;
const CATCH_UP_MS = 30 * 60_000;

/** On Postgres only, because a SQLite file belongs to one process. */
describe.each([
  ['ahead', 3600],
  ['behind', -3600],
])('a Control Plane process whose clock is an hour %s', (_, seconds) => {
  /** The process whose clock agrees with the database's clock. */
  let plane: TestControlPlane;
  let other: TestControlPlane;
  const there = (): ProvisioningJobs => other.app.get(ProvisioningJobs);
  const here = (): ProvisioningJobs => plane.app.get(ProvisioningJobs);

  beforeAll(async () => {
    plane = await TestControlPlane.boot('postgres');
    const clock = new FixedClock();
    clock.jump(seconds);
    other = await TestControlPlane.open(plane.database, clock);
    other.apiKey = plane.apiKey;
    setDatabaseTime(other.app.get(Database), plane.clock);
    await plane.enrolledCell();
    // No worker picks up a job unless a test starts it.
    for (const { app } of [plane, other]) jest.spyOn(app.get(JobQueue), 'wake').mockResolvedValue();
  });
  afterAll(async () => {
    await other.app.close();
    await plane.close();
    jest.restoreAllMocks();
  });

  const accepted = async (at: TestControlPlane): Promise<{ id: string; tenantId: string }> => {
    const apart = oneByOne(at);
    const { body } = await at.provision().expect(202);
    apart.mockRestore();
    return { id: body.job.id, tenantId: body.tenant.id };
  };
  const claimedBy = async (jobs: ProvisioningJobs): Promise<ProvisioningJob> => {
    const job = await jobs.claim((await accepted(plane)).id, 'holder');
    if (!job) throw new Error('The job was not claimed.');
    return job;
  };
  const isDue = async (id: string, jobs = here()): Promise<boolean> => (await jobs.due(1000)).includes(id);
  /** Expects the process with the right clock to see the job as due in exactly this many seconds. */
  const expectDueIn = async (waited: number, id: string): Promise<void> => {
    plane.clock.advance(waited - 1);
    expect(await isDue(id)).toBe(false);
    plane.clock.advance(1);
    expect(await isDue(id)).toBe(true);
  };

  it('does not take a job from a live process', async () => {
    const { id } = await claimedBy(here());
    expect([await isDue(id, there()), await there().claim(id, 'other')]).toEqual([false, null]);
    plane.clock.advance(LEASE_SECONDS);
    expect([await isDue(id, there()), await there().claim(id, 'other')]).toEqual([
      true,
      expect.objectContaining({ leaseOwner: 'other', leaseNumber: 2 }),
    ]);
  });

  it('loses its jobs once it has died and their leases have expired', async () => {
    const { id } = await claimedBy(there());
    expect(await here().claim(id, 'other')).toBeNull();
    await expectDueIn(LEASE_SECONDS, id);
    expect(await here().claim(id, 'other')).toMatchObject({ leaseOwner: 'other', leaseNumber: 2 });
  });

  it('renews a lease for its full duration', async () => {
    const job = await claimedBy(there());
    plane.clock.advance(LEASE_SECONDS - 1);
    await there().renew(job);
    await expectDueIn(LEASE_SECONDS, job.id);
    expect(await here().claim(job.id, 'other')).not.toBeNull();
  });

  it('releases a job so that others can claim it one second later', async () => {
    const job = await claimedBy(there());
    await there().giveBack(job);
    await expectDueIn(1, job.id);
  });

  it('makes a job wait for exactly the intended time', async () => {
    const job = await claimedBy(there());
    const until = new Date(other.clock.now().getTime() + 60_000);
    expect(await there().releaseUnlessWoken(job, until)).toBe(true);
    await expectDueIn(60, job.id);
  });

  it('records a new job so that other processes find it even without a wake-up', async () => {
    await expectDueIn(5, (await accepted(other)).id);
  });

  it('makes a job due at once for other processes by waking, retrying or cancelling it', async () => {
    const [woken, failed, cancelled] = [await accepted(plane), await accepted(plane), await accepted(plane)];
    const late = { dueAt: new Date(plane.clock.now().getTime() + 7200_000) };
    const ids = [woken.id, failed.id, cancelled.id];
    await plane.change(ProvisioningJob, { id: In(ids) }, late);
    const { app } = other;
    await app
      .get(Database)
      .write((manager) => app.get(ProvisioningWaker).wakeForTenants(manager, [woken.tenantId]));
    await plane.change(ProvisioningJob, { id: failed.id }, { status: 'failed' });
    await plane.change(Tenant, { id: failed.tenantId }, { status: 'failed' });
    await other.post(`${JOBS}/${failed.id}/retry`).expect(202);
    await plane.change(ProvisioningJob, { id: cancelled.id }, { operation: 'move' });
    await other.post(`${JOBS}/${cancelled.id}/cancel`).expect(202);
    for (const id of ids) expect(await isDue(id)).toBe(true);
  });

  it('reports a job as unattended only if no worker will run it soon, and makes it due', async () => {
    const { id } = await accepted(plane);
    const [check, database] = [other.app.get(JobUnattendedCheck), other.app.get(Database)];
    const subject = async (): Promise<JobSubject> => {
      const found = await database.read((manager) => other.app.get(JobSubjects).one(manager, id));
      if (!found) throw new Error('The job does not exist.');
      return found;
    };
    expect(check.find(await subject())).toBeNull();
    await plane.change(ProvisioningJob, { id }, { dueAt: new Date(plane.clock.now().getTime() + 1800_000) });
    expect(check.find(await subject())).toContain('no worker has it');
    const repaired = await subject();
    await database.write((manager) => check.repair(manager, repaired));
    expect(await isDue(id)).toBe(true);
  });

  it("uses database time for tenant planes' reports and for the health derived from them", async () => {
    const cell = await plane.enrolledCell();
    const { revision = '', linkId: link_id, secret } = cell;
    const report = { revision, version: '0.1.0', sequence: 1, link_id, tenants: [], usage: {}, health: {} };
    const caller = { tenantPlaneId: cell.id, keyId: keyIdOf(secret) };
    await other.app.get(Reports).receive(caller, report);
    expect(await plane.rows(TenantPlane, { id: cell.id })).toMatchObject([
      { lastReportAt: plane.clock.now() },
    ]);
    const shown = async (health: string): Promise<unknown> => {
      const { body } = await other.get(`/api/tenant-planes?health=${health}&limit=100`).expect(200);
      return body.items.find(({ id }: { id: string }) => id === cell.id)?.health;
    };
    expect([await shown('online'), await shown('offline')]).toEqual(['online', undefined]);
    plane.clock.advance(OFFLINE_AFTER_SECONDS + 1);
    expect([await shown('online'), await shown('offline')]).toEqual([undefined, 'offline']);
  });

  it('checks for drift when its turn is due, and schedules the next turn correctly', async () => {
    const rounds = other.app.get(ReconcileRounds);
    const run = jest.spyOn(rounds, 'run').mockResolvedValue();
    const config = { RECONCILE_INTERVAL_SECONDS: 60 } as ControlPlaneConfig;
    const timer = new ReconcileTimer(config, other.app.get(Database), rounds);
    // Keeps the timer from starting turns by itself.
    await timer.beforeApplicationShutdown();
    const now = plane.clock.now().getTime();
    await plane.change(ReconcileTurn, { id: 1 }, { dueAt: new Date(now + 1000) });
    await timer.turn();
    expect(run).not.toHaveBeenCalled();
    plane.clock.advance(1);
    await timer.turn();
    expect(run).toHaveBeenCalledTimes(1);
    expect((await plane.rows(ReconcileTurn, { id: 1 }))[0]?.dueAt).toEqual(new Date(now + 46_000));
  });
});

/** On Postgres only, because a SQLite file belongs to one process. */
describe.each([
  ['ahead', 3600],
  ['behind', -3600],
])('two Control Plane processes, one with its clock an hour %s', (_, seconds) => {
  let scene: JobScene;
  let other: TestControlPlane;
  let count = 0;
  let workers: Record<'right' | 'wrong', TestControlPlane>;
  beforeAll(async () => {
    scene = await JobScene.set('postgres');
    const clock = new FixedClock();
    clock.jump(seconds);
    other = await TestControlPlane.open(scene.plane.database, clock);
    setDatabaseTime(other.app.get(Database), scene.plane.clock);
    other.apiKey = scene.plane.apiKey;
    workers = { right: scene.plane, wrong: other };
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(async () => {
    await other.app.close();
    await scene.plane.close();
  });

  /** Makes this process run every job from now on, whichever process receives the wake-up. */
  const works = ({ app }: TestControlPlane): void => {
    const begin = Attempts.prototype.begin.bind(app.get(Attempts));
    for (const plane of Object.values(workers))
      jest.spyOn(plane.app.get(Attempts), 'begin').mockImplementation(begin);
  };
  const passes = (ms: number): void => {
    for (const { clock } of [scene.plane, other]) clock.advance(ms / 1000);
  };
  const looks = async (worker: TestControlPlane, job: string) => {
    await worker.app.get(JobRunner).advance(job);
    return scene.job(job);
  };
  const waiting = async (): Promise<string> => {
    const region = `region-${(count += 1)}`;
    await scene.plane.enrolledCell({ region });
    const { body } = await scene.plane.provision({ region }).expect(202);
    await scene.reaches(body.job.id, 'waiting');
    return body.job.id;
  };
  /** Starts a move whose target has not yet imported the changes. */
  const following = async (): Promise<string> => {
    const region = `region-${(count += 1)}`;
    const tenant = await Traveller.settle(scene, region);
    const target = await scene.plane.enrolledCell({ region });
    const job = await tenant.asked('move', { deployment_model: 'shared', tenant_plane_id: target.id });
    const transfer = await tenant.told((entry) => entry.transfer);
    const attempt = nextRun();
    for (const [kind, part] of [
      ['snapshot', 1],
      ['changes', 2],
    ] as const) {
      const sealed = await sealedPart(transfer, {}, { attempt, kind, part, changes: 0 });
      expect((await sendPart(tenant.cell, transfer.id, sealed, part)).status).toBe(200);
    }
    await eventually(async () =>
      (await scene.job(job)).steps.some(({ waiting_for }) => waiting_for?.includes('to catch up')),
    );
    return job;
  };
  const frozen = async (): Promise<string> => {
    const tenant = await Traveller.settle(scene, `region-${(count += 1)}`);
    return (await tenant.almostMoved(await scene.plane.enrolledCell({ region: tenant.region }))).job;
  };

  it("erase a backup only if the tenant's home is online according to database time", async () => {
    works(scene.plane);
    const tenant = await Traveller.settle(scene, `region-${(count += 1)}`);
    const broken = new StepFailure('operator', 'broken', 'It broke.', 'Operator: fix it.');
    jest.spyOn(scene.plane.app.get(RemoveCopiesStep), 'run').mockRejectedValueOnce(broken);
    const job = await tenant.deprovision();
    await tenant.backUp();
    await scene.reaches(job, 'failed');
    await tenant.report();
    passes((OFFLINE_AFTER_SECONDS + 1) * 1000);
    works(other);
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'failed');
    expect(await scene.job(job)).toMatchObject({ error: { code: 'home_not_serving' } });
    await tenant.report();
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
  });

  describe.each([
    ['right', 'wrong'],
    ['wrong', 'right'],
  ] as const)(
    'a step that is started by the process with the %s clock and checked by the other process',
    (first, then) => {
      beforeEach(() => works(workers[first]));

      it('has its full time limit, and no more', async () => {
        const job = await waiting();
        passes(PATIENCE_MS - 1000);
        expect(await looks(workers[then], job)).toMatchObject({ status: 'waiting' });
        passes(1000);
        expect(await looks(workers[then], job)).toMatchObject({
          status: 'failed',
          error: { code: 'wait_timed_out' },
        });
      });

      it('has its full time limit again, but no more, after an operator retries the job', async () => {
        const job = await waiting();
        passes(PATIENCE_MS);
        expect(await looks(workers[first], job)).toMatchObject({ status: 'failed' });
        // One process handles the request while the other runs the job.
        jest.restoreAllMocks();
        works(workers[then]);
        await workers[first].post(`${JOBS}/${job}/retry`).expect(202);
        await scene.reaches(job, 'waiting');
        passes(PATIENCE_MS - 1000);
        expect(await looks(workers[then], job)).toMatchObject({ status: 'waiting' });
        passes(1000);
        expect(await looks(workers[then], job)).toMatchObject({ status: 'failed' });
      });

      it('gives the target of a move the full time to catch up, and no more', async () => {
        const job = await following();
        passes(CATCH_UP_MS - 1000);
        expect(await looks(workers[then], job)).toMatchObject({ status: 'waiting' });
        passes(1000);
        expect(await looks(workers[then], job)).toMatchObject({
          status: 'failed',
          error: { code: 'never_level' },
        });
      });

      it('pauses writes for the maximum time, and no longer', async () => {
        const job = await frozen();
        passes(MAX_FREEZE_MS - 1000);
        expect(await looks(workers[then], job)).toMatchObject({ status: 'waiting' });
        passes(1000);
        expect(await looks(workers[then], job)).toMatchObject({
          status: 'cancelled',
          error: { code: 'freeze_too_long' },
        });
      });

      it('is retried until the maximum write pause has passed, and no longer', async () => {
        const job = await frozen();
        jest.spyOn(AwaitImportStep.prototype, 'run').mockRejectedValue(new Error('It failed.'));
        passes(MAX_FREEZE_MS - 2000);
        expect(await looks(workers[then], job)).toMatchObject({ status: 'waiting' });
        passes(2000);
        expect(await looks(workers[then], job)).toMatchObject({
          status: 'cancelled',
          error: { code: 'unexpected_error' },
        });
      });
    },
  );
});
