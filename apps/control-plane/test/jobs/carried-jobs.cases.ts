import { CARRIED_AT_ONCE, FaultPoints, JobQueue, JobRunner } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { CommitFaults, EVERY_DATABASE, FixedClock, eventually, setDatabaseTime } from '@atlas/testing';
import { In } from 'typeorm';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { DesiredStates } from '../../src/desired-state/desired-states';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { HeldRow } from '../held-operator.fixture';
import { JobScene, STEPS, afterReport, beforeReport, oneByOne } from '../job-scene.fixture';

/** To see it fail, let `JobCarrier.attempt` return null at once. */
describe.each(EVERY_DATABASE)('a job that no worker has to claim, on %s', (driver) => {
  let faults: CommitFaults;
  let scene: JobScene;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    scene = await JobScene.set(driver, {}, (url) => faults.through(url));
  });
  afterEach(() => {
    faults.end();
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await scene.plane.close();
    await faults.stop();
  });

  /** Counts the wake-ups of workers, and drops them. */
  const dropped = () => jest.spyOn(scene.plane.app.get(JobQueue), 'wake').mockResolvedValue();
  const row = async (id: string): Promise<ProvisioningJob | undefined> =>
    (await scene.plane.rows(ProvisioningJob, { id }))[0];
  const failOnce = (step: string, moment: 'before' | 'after-effect') => {
    const reach = jest.spyOn(scene.plane.app.get(FaultPoints), 'reach');
    reach.mockImplementation(async (_, at, when) => {
      if (at !== step || when !== moment) return;
      reach.mockResolvedValue();
      throw new Error('broken');
    });
  };

  it('waits for its report when it is accepted, and ends with that report', async () => {
    const wake = dropped();
    const { body } = await scene.plane.provision().expect(202);
    expect(body.job).toMatchObject({ status: 'queued' });
    expect(await scene.statesOf(body.job.id)).toEqual([
      ...beforeReport('done'),
      'waiting',
      ...afterReport('pending'),
    ]);
    await scene.cell.serve(body.tenant.id);
    expect(await scene.job(body.job.id)).toMatchObject({ status: 'succeeded', error: null });
    expect(await scene.tenant(body.tenant.id)).toMatchObject({ status: 'active' });
    expect(await row(body.job.id)).toMatchObject({ leaseNumber: 0, leaseOwner: null });
    expect(wake).not.toHaveBeenCalled();
  });

  /** To see it fail, let `JobCarrier.asJob` only call `work`. */
  it('ends in the name of the system, although a plane has sent the report', async () => {
    const { job, id } = await scene.waiting();
    await scene.report(id, 'applied');
    const [ended] = await scene.plane.rows(AuditEvent, { targetId: job, action: 'job.succeeded' });
    expect(ended).toMatchObject({ actorKind: 'system', actorId: null, ip: null });
  });

  it.each(['before', 'after-effect'] as const)(
    'is left to a worker, which repeats what was undone, if a step fails %s its effect',
    async (moment) => {
      const placed = await scene.placed();
      failOnce('await-report', moment);
      const { body } = await scene.plane.provision().expect(202);
      await scene.reaches(body.job.id, 'waiting');
      expect(await row(body.job.id)).toMatchObject({ leaseNumber: 1 });
      expect(await scene.placed()).toBe(placed + 1);
      await scene.cell.serve(body.tenant.id);
      await scene.reaches(body.job.id, 'succeeded');
    },
  );

  it.each([1, 2])(
    'is left to a worker, which repeats what was undone, if what a step has sent fails %i times',
    async (times) => {
      const placed = await scene.placed();
      const publish = jest.spyOn(scene.plane.app.get(DesiredStates), 'publish');
      for (let n = 0; n < times; n += 1)
        publish.mockImplementationOnce((manager) => manager.query('select no_such_column'));
      const { body } = await scene.plane.provision().expect(202);
      await scene.reaches(body.job.id, 'waiting');
      expect(publish).toHaveBeenCalledTimes(times + 1);
      expect(await row(body.job.id)).toMatchObject({ leaseNumber: 1 });
      expect(await scene.placed()).toBe(placed + 1);
      await scene.cell.serve(body.tenant.id);
      await scene.reaches(body.job.id, 'succeeded');
    },
  );

  it('is left to a worker if a step fails after the report, which is stored all the same', async () => {
    const { job, id } = await scene.waiting();
    failOnce('activate', 'after-effect');
    await scene.report(id, 'applied');
    await scene.reaches(job, 'succeeded');
    expect(await row(job)).toMatchObject({ leaseNumber: 1 });
    expect((await scene.tenant(id)).status).toBe('active');
  });

  it('is neither stored nor carried if the COMMIT of its request fails', async () => {
    const placed = await scene.placed();
    const slug = `lost-${driver}`;
    faults.beginEach();
    const { status } = await scene.plane.provision({ slug });
    faults.end();
    expect(status).toBeGreaterThanOrEqual(500);
    const again = await scene.plane.provision({ slug });
    // A COMMIT whose response is lost may have succeeded.
    expect([202, 409]).toContain(again.status);
    expect(await scene.placed()).toBe(placed + 1);
  });

  it('still waits if the COMMIT of its report fails, and ends with the next report', async () => {
    const { job, id } = await scene.waiting();
    const entry_revision = scene.cell.tenants.get(id)?.entry_revision ?? 0;
    const reported = [{ tenant_id: id, state: 'applied', entry_revision } as const];
    faults.beginEach();
    const { status } = await scene.cell.report(reported);
    faults.end();
    expect(status).toBeGreaterThanOrEqual(500);
    await scene.cell.report(reported);
    await scene.reaches(job, 'succeeded');
    expect((await scene.plane.rows(Tenant, { id }))[0]).toMatchObject({ status: 'active' });
  });

  it('is carried by a report for as many tenants as the limit allows, the others by workers', async () => {
    const wake = dropped();
    const ids: string[] = [];
    for (let n = 0; n <= CARRIED_AT_ONCE; n += 1)
      ids.push((await scene.plane.provision().expect(202)).body.tenant.id);
    while (ids.some((id) => !scene.cell.tenants.has(id))) await scene.cell.pull(10);
    const tenants = ids.map((id) => ({
      tenant_id: id,
      state: 'applied' as const,
      entry_revision: scene.cell.tenants.get(id)?.entry_revision ?? 0,
    }));
    expect((await scene.cell.report(tenants)).status).toBe(200);
    const active = { id: In(ids), status: 'active' } as const;
    expect(await scene.plane.count(Tenant, active)).toBe(CARRIED_AT_ONCE);
    expect(wake).toHaveBeenCalledTimes(1);
    jest.restoreAllMocks();
    await scene.plane.sweep();
    expect(await scene.plane.count(Tenant, active)).toBe(ids.length);
  });
});

describe('a job that meets a lock of another transaction', () => {
  let scene: JobScene;
  beforeAll(async () => (scene = await JobScene.set('postgres')));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => scene.plane.close());

  it('is left to a worker if its tenant is locked when the report arrives', async () => {
    const { job, id } = await scene.waiting();
    const advance = jest.spyOn(scene.plane.app.get(JobRunner), 'advance').mockResolvedValue();
    {
      await using held = await HeldRow.hold(scene.plane, Tenant, id);
      await scene.report(id, 'applied');
      expect((await scene.job(job)).status).toBe('waiting');
      void held;
    }
    await eventually(() => advance.mock.calls.length > 0, { what: 'a worker is woken' });
    jest.restoreAllMocks();
    await scene.plane.sweep();
    await scene.reaches(job, 'succeeded');
  });

  it('is accepted although its cell is locked, and placed once the cell is free', async () => {
    let id: string;
    {
      await using held = await HeldRow.hold(scene.plane, TenantPlane, scene.cell.id);
      const { body } = await scene.plane.provision().expect(202);
      id = body.job.id;
      expect((await scene.job(id)).status).not.toBe('waiting');
      void held;
    }
    await scene.reaches(id, 'waiting');
    expect((await scene.statesOf(id)).slice(0, 2)).toEqual(['done', 'done']);
  });
});

/** To see it fail, leave out `noteClock` in `JobCarrier`. */
describe('a job that a process carries whose clock is ahead', () => {
  it('records its steps on the clock of the database', async () => {
    const scene = await JobScene.set('postgres');
    const { database, clock } = scene.plane;
    const fast = new FixedClock();
    fast.jump(3600);
    const other = await TestControlPlane.open(database, fast);
    setDatabaseTime(other.app.get(Database), clock);
    try {
      const { body } = await other.provision({}, { token: scene.plane.apiKey }).expect(202);
      const { steps } = await scene.job(body.job.id);
      expect(new Set(steps.slice(0, 3).map(({ started_at: at }) => at))).toEqual(
        new Set([clock.now().toISOString()]),
      );
    } finally {
      await other.app.close();
      await scene.plane.close();
    }
  });
});

describe('a worker', () => {
  it('runs consecutive atomic steps in one transaction', async () => {
    const scene = await JobScene.set('postgres');
    try {
      const apart = oneByOne(scene.plane);
      jest.spyOn(scene.plane.app.get(JobQueue), 'wake').mockResolvedValueOnce();
      const { body } = await scene.plane.provision().expect(202);
      apart.mockRestore();
      const write = jest.spyOn(scene.plane.app.get(Database), 'write');
      await scene.plane.app.get(JobRunner).advance(body.job.id);
      // One claims the job, and one runs its steps and lets it wait.
      expect(write.mock.calls.length).toBe(2);
      expect(await scene.statesOf(body.job.id)).toEqual([
        ...beforeReport('done'),
        'waiting',
        ...afterReport('pending'),
      ]);
      expect(STEPS).toHaveLength(5);
    } finally {
      jest.restoreAllMocks();
      await scene.plane.close();
    }
  });
});
