import { FaultPoints, JobQueue, JobRunner, LeaseLost } from '@atlas/jobs';
import { EVERY_DATABASE } from '@atlas/testing';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../../src/provisioning-jobs/provisioning-jobs';
import { Placement } from '../../src/registry/placement.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { STEPS, oneByOne } from '../job-scene.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const PUBLISHING = STEPS.indexOf('write-desired-state');
const MOMENTS = ['before', 'after-effect', 'after-record'] as const;

describe.each(EVERY_DATABASE)("a job's lease, on %s", (driver) => {
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  let jobs: ProvisioningJobs;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    cell = await plane.enrolledCell();
    jobs = plane.app.get(ProvisioningJobs);
  });
  beforeEach(() => oneByOne(plane));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => plane.close());

  /** Creates a job whose wake-up is dropped. */
  const untouched = async (): Promise<{ id: string; tenantId: string }> => {
    jest.spyOn(plane.app.get(JobQueue), 'wake').mockResolvedValueOnce();
    const { body } = await plane.provision();
    return { id: body.job.id, tenantId: body.tenant.id };
  };
  const claimed = async (id: string, owner: string): Promise<ProvisioningJob> => {
    const job = await jobs.claim(id, owner);
    if (!job) throw new Error('The job was not claimed.');
    return job;
  };
  const row = async (id: string): Promise<ProvisioningJob | undefined> =>
    (await plane.rows(ProvisioningJob, { id }))[0];

  /** Makes the job throw this error once, at this moment of its step `write-desired-state`. */
  const breakOnce = (moment: (typeof MOMENTS)[number], error: Error): void => {
    const reach = jest.spyOn(plane.app.get(FaultPoints), 'reach');
    reach.mockImplementation(async (_, step, at) => {
      if (step !== 'write-desired-state' || at !== moment) return;
      reach.mockResolvedValue();
      throw error;
    });
  };

  it('is granted to only one of many concurrent claimants', async () => {
    const { id } = await untouched();
    const claims = await Promise.all(Array.from({ length: 20 }, (_, n) => jobs.claim(id, `worker-${n}`)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(claims.find(Boolean)).toMatchObject({ leaseNumber: 1, status: 'running' });
  });

  it('excludes other workers until it expires, and no longer', async () => {
    const { id } = await untouched();
    await claimed(id, 'first');
    plane.clock.advance(14);
    expect(await jobs.claim(id, 'second')).toBeNull();
    plane.clock.advance(1);
    expect(await claimed(id, 'second')).toMatchObject({ leaseOwner: 'second', leaseNumber: 2 });
  });

  it('is valid for another 15 s after a renewal', async () => {
    const { id } = await untouched();
    const job = await claimed(id, 'first');
    plane.clock.advance(10);
    await jobs.renew(job);
    plane.clock.advance(14);
    expect(await jobs.claim(id, 'second')).toBeNull();
  });

  it('prevents its former holder from writing once another worker has claimed the job', async () => {
    const { id } = await untouched();
    const old = await claimed(id, 'first');
    plane.clock.advance(15);
    const current = await claimed(id, 'second');
    await expect(jobs.save(old, { error: { code: 'late', detail: 'late' } })).rejects.toThrow(LeaseLost);
    await expect(jobs.renew(old)).rejects.toThrow(LeaseLost);
    await expect(jobs.releaseUnlessWoken(old, plane.clock.now())).rejects.toThrow(LeaseLost);
    expect(await row(id)).toMatchObject({ leaseOwner: 'second', leaseNumber: 2, error: null });
    await jobs.save(current, { error: { code: 'mine', detail: 'mine' } });
    expect((await row(id))?.error?.code).toBe('mine');
  });

  it('prevents the same worker from writing under an earlier claim', async () => {
    const { id } = await untouched();
    const before = await claimed(id, 'worker');
    plane.clock.advance(15);
    await claimed(id, 'worker');
    await expect(jobs.save(before, { error: null })).rejects.toThrow(LeaseLost);
  });

  it.each(['retry', 'rollback'])('blocks a %s of the job while a worker holds the lease', async (action) => {
    const { id } = await untouched();
    const job = await claimed(id, 'worker');
    const answer = await plane.post(`/api/provisioning-jobs/${id}/${action}`);
    expect(refusal(answer)).toEqual([409, 'invalid_transition']);
    expect(await row(id)).toMatchObject({ status: 'running', direction: 'run', leaseOwner: 'worker' });
    await jobs.renew(job);
  });

  it('makes other runners skip the job until the lease expires', async () => {
    const { id, tenantId } = await untouched();
    await claimed(id, 'another worker');
    await plane.app.get(JobRunner).advance(id);
    expect((await row(id))?.steps.map((step) => step.status)).toEqual(STEPS.map(() => 'pending'));
    expect(await plane.count(Placement, { tenantId })).toBe(0);
    plane.clock.advance(15);
    await plane.app.get(JobRunner).advance(id);
    expect((await row(id))?.status).toBe('waiting');
  });

  /** Pauses the runner at a fault point until resumed. */
  const pauseAt = (point: string): { reached: Promise<void>; resume: () => void } => {
    let [arrive, resume] = [(): void => undefined, (): void => undefined];
    const reached = new Promise<void>((resolve) => (arrive = resolve));
    const resumed = new Promise<void>((resolve) => (resume = resolve));
    jest.spyOn(plane.app.get(FaultPoints), 'reach').mockImplementation(async (...names) => {
      if (names.join('/') !== point) return;
      arrive();
      await resumed;
    });
    return { reached, resume };
  };

  it('stops the runner from making further changes if the lease is lost between two steps', async () => {
    const { id, tenantId } = await untouched();
    const { reached, resume } = pauseAt('provision/write-desired-state/before');
    const run = plane.app.get(JobRunner).advance(id);
    await reached;
    plane.clock.advance(15);
    await claimed(id, 'thief');
    resume();
    await run;
    const [placement] = await plane.rows(Placement, { tenantId });
    expect(placement?.entryRevision).toBe(0);
    expect(await row(id)).toMatchObject({ leaseOwner: 'thief', status: 'running' });
    expect((await cell.pullAll()).tenants.map((entry) => entry.tenant_id)).not.toContain(tenantId);
  });

  it('stops the runner if a cancellation revokes the lease', async () => {
    const { id } = await untouched();
    const { reached, resume } = pauseAt('provision/write-desired-state/before');
    const run = plane.app.get(JobRunner).advance(id);
    await reached;
    await plane.post(`/api/provisioning-jobs/${id}/cancel`).expect(202);
    resume();
    await run;
    expect((await row(id))?.status).toBe('cancelled');
    expect((await row(id))?.steps[PUBLISHING]?.status).toBe('running');
  });

  it("is kept if a report arrives before the wait begins, even if the report's wake-up is lost", async () => {
    const { id, tenantId } = await untouched();
    const release = jobs.releaseUnlessWoken.bind(jobs);
    const lost = jest.spyOn(plane.app.get(JobQueue), 'wake');
    jest.spyOn(jobs, 'releaseUnlessWoken').mockImplementationOnce(async (...wait) => {
      // The step has found no report, but its wait is not recorded yet.
      await cell.pull();
      lost.mockResolvedValueOnce();
      const entry_revision = cell.tenants.get(tenantId)?.entry_revision ?? 0;
      await cell.report([{ tenant_id: tenantId, state: 'applied', entry_revision }]);
      return release(...wait);
    });
    await plane.app.get(JobRunner).advance(id);
    expect((await row(id))?.status).toBe('succeeded');
  });

  it.each(MOMENTS)(
    'passes to another worker after a crash at "%s", and the step takes effect only once',
    async (moment) => {
      const { id, tenantId } = await untouched();
      // From here on, the runner writes nothing, like a dead process.
      breakOnce(moment, new LeaseLost());
      await plane.app.get(JobRunner).advance(id);
      const [placement] = await plane.rows(Placement, { tenantId });
      const isRecorded = (await row(id))?.steps[PUBLISHING]?.status === 'done';
      expect([isRecorded, (placement?.entryRevision ?? 0) > 0]).toEqual(
        moment === 'after-record' ? [true, true] : [false, false],
      );
      plane.clock.advance(15);
      await plane.app.get(JobRunner).advance(id);
      expect((await row(id))?.status).toBe('waiting');
      const published = (await cell.pullAll()).tenants.filter((entry) => entry.tenant_id === tenantId);
      expect(published).toHaveLength(1);
    },
  );

  it.each(MOMENTS)('lets a step that fails at "%s" be repeated safely', async (moment) => {
    const { id, tenantId } = await untouched();
    breakOnce(moment, new Error('broken on purpose'));
    await plane.app.get(JobRunner).advance(id);
    plane.clock.advance(2);
    await plane.app.get(JobRunner).advance(id);
    expect((await row(id))?.status).toBe('waiting');
    const [placement] = await plane.rows(Placement, { tenantId });
    const published = (await cell.pullAll()).tenants.filter((entry) => entry.tenant_id === tenantId);
    expect(published).toHaveLength(1);
    expect(published[0]?.entry_revision).toBe(placement?.entryRevision);
  });

  // SQLite has a single writer, so it has no deadlocks.
  if (driver === 'postgres')
    it('lets a step succeed in one counted attempt despite a deadlock in Postgres', async () => {
      const { id } = await untouched();
      const save = jobs.save.bind(jobs);
      let isOver = false;
      jest.spyOn(jobs, 'save').mockImplementation(async (job, changes, manager) => {
        await save(job, changes, manager);
        if (isOver || !manager) return;
        isOver = true;
        await manager.query("do $$ begin raise exception using errcode = '40P01'; end $$");
      });
      await plane.app.get(JobRunner).advance(id);
      expect(isOver).toBe(true);
      const begun = (await row(id))?.steps.filter(({ status }) => status !== 'pending') ?? [];
      expect(begun.length).toBeGreaterThan(1);
      expect(begun.map(({ name, attempt }) => [name, attempt])).toEqual(begun.map(({ name }) => [name, 1]));
    });
});
