import { JobQueue, JobRunner } from '@atlas/jobs';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../../src/provisioning-jobs/provisioning-jobs';
import { JobScene, STEPS, afterReport, beforeReport, stepOf } from '../job-scene.fixture';

describe.each(EVERY_DATABASE)('a provisioning job on %s', (driver) => {
  let scene: JobScene;
  beforeAll(async () => (scene = await JobScene.set(driver)));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => scene.plane.close());

  it('activates the tenant once the cell has reported the tenant as applied', async () => {
    const { body } = await scene.plane.provision();
    await scene.cell.serve(body.tenant.id);
    await scene.reaches(body.job.id, 'succeeded');
    const job = await scene.job(body.job.id);
    const at = scene.plane.clock.now().toISOString();
    const done = {
      status: 'done',
      attempt: 1,
      started_at: at,
      finished_at: at,
      error: null,
      waiting_for: null,
    };
    const outputs = expect.any(Object);
    expect(job).toMatchObject({ error: null, tenant_id: body.tenant.id, finished_at: at });
    expect(job.steps).toEqual(STEPS.map((name) => ({ name, ...done, outputs })));
    expect(await scene.tenant(body.tenant.slug)).toMatchObject({
      status: 'active',
      active_at: at,
      tenant_plane_id: scene.cell.id,
      endpoint_url: 'https://cell.example.com',
    });
  });

  it('shows its progress while it waits for the report', async () => {
    const { job, id } = await scene.waiting();
    const { status, steps } = await scene.job(job);
    expect(status).toBe('waiting');
    expect(steps.map((step) => step.status)).toEqual([
      ...beforeReport('done'),
      'waiting',
      ...afterReport('pending'),
    ]);
    expect(stepOf({ steps }, 'await-report')).toMatchObject({
      waiting_for: 'the report of the tenant plane',
    });
    expect((await scene.tenant(id)).status).toBe('provisioning');
    await scene.report(id, 'applied');
    await scene.reaches(job, 'succeeded');
  });

  it('ignores a report about an older entry revision', async () => {
    const { job, id } = await scene.waiting();
    await scene.cell.report([{ tenant_id: id, state: 'applied', entry_revision: 0 }]);
    await scene.plane.app.get(JobRunner).advance(job);
    await scene.reaches(job, 'waiting');
    await scene.report(id, 'applied');
    await scene.reaches(job, 'succeeded');
  });

  it('retries when the plane fails to apply the tenant, and fails after six attempts', async () => {
    const { job, id } = await scene.waiting();
    await scene.report(id, 'failed', 'the disk is full');
    for (let attempt = 1; attempt < 6; attempt += 1) {
      await eventually(async () => stepOf(await scene.job(job), 'await-report')?.attempt === attempt + 1);
      const { status, steps } = await scene.job(job);
      expect(status).toBe('waiting');
      expect(stepOf({ steps }, 'await-report')?.error?.fix).toMatch(
        /retries automatically, up to 6 times.*Atlas on-call/,
      );
      scene.plane.clock.advance(61);
      await scene.plane.sweep();
    }
    await scene.reaches(job, 'failed');
    const failed = await scene.job(job);
    expect(failed.error).toEqual({
      code: 'apply_failed',
      detail: expect.stringContaining('the disk is full'),
      class: 'retry',
      fix: 'Atlas on-call: fix the cause, then retry the job.',
    });
    expect(stepOf(failed, 'await-report')?.error).toEqual(failed.error);
    expect(failed.steps.map((step) => step.status)).toEqual([
      ...beforeReport('done'),
      'failed',
      ...afterReport('pending'),
    ]);
    expect((await scene.tenant(id)).status).toBe('failed');

    await scene.act(job, 'retry').expect(202);
    await scene.report(id, 'applied');
    await scene.reaches(job, 'succeeded');
    expect((await scene.tenant(id)).status).toBe('active');
  });

  it('recovers at once when the plane applies the tenant after all', async () => {
    const { job, id } = await scene.waiting();
    await scene.report(id, 'failed');
    await eventually(async () => stepOf(await scene.job(job), 'await-report')?.attempt === 2);
    await scene.report(id, 'applied');
    await scene.reaches(job, 'succeeded');
  });

  it('retries at once if a new report arrives while the failure is being recorded', async () => {
    const { job, id } = await scene.waiting();
    const jobs = scene.plane.app.get(ProvisioningJobs);
    const release = jobs.releaseUnlessWoken.bind(jobs);
    jest.spyOn(jobs, 'releaseUnlessWoken').mockImplementationOnce(async (...released) => {
      await scene.report(id, 'applied');
      return release(...released);
    });
    await scene.report(id, 'failed');
    await scene.reaches(job, 'succeeded');
  });

  it('times out when no report arrives within 15 minutes', async () => {
    const { job } = await scene.waiting();
    scene.plane.clock.advance(15 * 60 + 1);
    await scene.plane.sweep();
    expect(await scene.job(job)).toMatchObject({
      status: 'failed',
      error: { code: 'wait_timed_out', class: 'operator', fix: expect.stringMatching(/^Atlas on-call: /) },
    });
  });

  it.each([
    ['failed', 'operator'],
    ['cancelled', 'fatal'],
  ] as const)(
    'shows an error class and a fix even if it was stored as %s without them',
    async (status, failureClass) => {
      const { job } = await scene.waiting();
      const error = { code: 'old', detail: 'An old error.' };
      await scene.plane.change(ProvisioningJob, { id: job }, { status, error });
      const told = { ...error, class: failureClass, fix: expect.stringMatching(/^Atlas on-call: /) };
      expect((await scene.job(job)).error).toEqual(told);
    },
  );

  it('ignores a report about an entry revision that was never published', async () => {
    const { job, id } = await scene.waiting();
    await scene.cell.report([{ tenant_id: id, state: 'applied', entry_revision: 999_999 }]);
    await scene.plane.app.get(JobRunner).advance(job);
    await scene.reaches(job, 'waiting');
    await scene.report(id, 'applied');
    await scene.reaches(job, 'succeeded');
  });

  it('is picked up by the sweep when its wake-up is lost', async () => {
    scene.oneByOne();
    jest.spyOn(scene.plane.app.get(JobQueue), 'wake').mockResolvedValueOnce();
    const { body } = await scene.plane.provision();
    await scene.plane.sweep();
    expect((await scene.job(body.job.id)).status).toBe('queued');
    scene.plane.clock.advance(6);
    await scene.plane.sweep();
    expect((await scene.job(body.job.id)).status).toBe('waiting');
    await scene.cell.serve(body.tenant.id);
    await scene.reaches(body.job.id, 'succeeded');
  });

  it('is picked up by the sweep when the wake-up for a report is lost', async () => {
    const { job, id } = await scene.waiting();
    scene.oneByOne();
    jest.spyOn(scene.plane.app.get(JobQueue), 'wake').mockResolvedValueOnce();
    await scene.report(id, 'applied');
    expect((await scene.job(job)).status).toBe('waiting');
    await scene.plane.sweep();
    expect((await scene.job(job)).status).toBe('succeeded');
  });
});
