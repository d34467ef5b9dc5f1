import { JobRunner, StepFailure } from '@atlas/jobs';
import { databasesOfLongSuite, eventually } from '@atlas/testing';
import { In, IsNull } from 'typeorm';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { ProvisioningToken } from '../../src/enrolment/provisioning-token.entity';
import { ActivateStep } from '../../src/operations/provision/activate.step';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Cells } from '../../src/registry/cells';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { HeldRow } from '../held-operator.fixture';
import { JOBS, JobScene, STEPS, afterReport, beforeReport, stepOf } from '../job-scene.fixture';
import { refusal } from '../plane-simulator.fixture';

describe.each(databasesOfLongSuite('postgres'))('an operator controlling a job on %s', (driver) => {
  let scene: JobScene;
  beforeAll(async () => (scene = await JobScene.set(driver)));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => scene.plane.close());

  it('resumes a failed job at its failed step', async () => {
    scene.oneByOne();
    jest.spyOn(scene.plane.app.get(Cells), 'takePlace').mockResolvedValueOnce(null);
    const { body } = await scene.plane.provision();
    await scene.reaches(body.job.id, 'failed');
    expect(await scene.job(body.job.id)).toMatchObject({ error: { code: 'no_capacity' } });
    const answer = await scene.act(body.job.id, 'retry').expect(202);
    expect(answer.body.job).toMatchObject({ id: body.job.id, status: 'queued', error: null });
    await scene.cell.serve(body.tenant.id);
    await scene.reaches(body.job.id, 'succeeded');
  });

  it('sees the tenant slug in every representation of a job', async () => {
    const { job, id, slug } = await scene.waiting();
    const listed = await scene.plane.get(`/api/provisioning-jobs?tenant_id=${id}`).expect(200);
    const acted = [
      await scene.act(job, 'cancel'),
      await scene.act(job, 'retry'),
      await scene.act(job, 'cancel'),
    ];
    const shown = [
      await scene.job(job),
      ...listed.body.items,
      ...acted.map(({ body }) => body.job),
      (await scene.plane.provision({ slug: `${slug}-too` })).body.job,
    ];
    expect(shown.map((one) => one.tenant_slug)).toEqual([...Array(5).fill(slug), `${slug}-too`]);
    const rotated = await scene.plane.post(`/api/tenant-planes/${scene.cell.id}/rotate-secret`, {
      mode: 'routine',
    });
    expect(rotated.body.job).toMatchObject({ tenant_id: null, tenant_slug: null });
    const events = await scene.plane.get(`/api/provisioning-jobs/${job}/events`).expect(200);
    expect(events.text).toMatch(new RegExp(`event: done\\ndata: .*"tenant_slug":"${slug}"`));
  });

  it('can cancel a waiting job only once, and can resume it afterwards', async () => {
    const { job, id } = await scene.waiting();
    const cancelled = await scene.act(job, 'cancel');
    expect([cancelled.status, cancelled.body.job.status]).toEqual([202, 'cancelled']);
    expect((await scene.tenant(id)).status).toBe('failed');
    expect(refusal(await scene.act(job, 'cancel'))).toEqual([409, 'invalid_transition']);
    await scene.report(id, 'applied');
    expect((await scene.job(job)).status).toBe('cancelled');
    await scene.act(job, 'retry').expect(202);
    await scene.reaches(job, 'succeeded');
  });

  it('succeeds with only one of several concurrent retries and rollbacks', async () => {
    const full = jest.spyOn(scene.plane.app.get(Cells), 'takePlace').mockResolvedValue(null);
    const provisioned = await Promise.all([1, 2, 3, 4, 5].map(() => scene.plane.provision()));
    const jobs = provisioned.map(({ body }) => body.job.id as string);
    for (const job of jobs) await scene.reaches(job, 'failed');
    full.mockRestore();
    for (const job of jobs) {
      const acts = ['retry', 'rollback', 'retry'] as const;
      const answers = await Promise.all(acts.map((action) => scene.act(job, action)));
      expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
      const begun = { action: In(['job.retried', 'job.rolled_back']), targetId: job };
      expect(await scene.plane.count(AuditEvent, begun)).toBe(1);
    }
    // What was begun takes and frees places, which the next tests count.
    const hasPaused = async (job: string): Promise<boolean> =>
      ['waiting', 'cancelled'].includes((await scene.job(job)).status);
    for (const job of jobs) await eventually(() => hasPaused(job), { what: 'the job waits or was undone' });
  });

  it('must cancel a running job before rolling it back', async () => {
    const { job } = await scene.waiting();
    const { body } = await scene.act(job, 'rollback').expect(409);
    expect(body).toMatchObject({
      code: 'invalid_transition',
      detail: expect.stringContaining('Cancel it first'),
    });
  });

  it('deletes the tenant and frees its slug and its place by rolling the job back', async () => {
    const before = await scene.placed();
    const { job, id, slug } = await scene.waiting();
    expect(await scene.placed()).toBe(before + 1);
    await scene.act(job, 'cancel').expect(202);
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
    expect(await scene.statesOf(job)).toEqual([
      ...beforeReport('undone'),
      'undone',
      ...afterReport('skipped'),
    ]);
    expect(await scene.tenant(id)).toMatchObject({ status: 'deleted', tenant_plane_id: null });
    const certificate = await scene.plane.get(`/api/tenants/${id}/deletion-certificate`);
    expect([...refusal(certificate), certificate.body.detail]).toEqual([
      404,
      'not_deleted',
      expect.stringContaining('was rolled back before the tenant was active'),
    ]);
    expect((await scene.plane.get(`/api/tenants/${slug}`)).status).toBe(404);
    expect(await scene.placed()).toBe(before);
    const gone = await scene.cell.pull(20);
    expect(gone.body).toMatchObject({ removed: [id] });

    const next = await scene.plane.provision({ slug });
    expect(next.status).toBe(202);
    await scene.cell.serve(next.body.tenant.id);
    await scene.reaches(next.body.job.id, 'succeeded');
    expect((await scene.plane.get(`/api/tenants/${slug}`)).body.id).toBe(next.body.tenant.id);
  });

  it('cannot retry or roll back a job once a newer operation has started', async () => {
    const { job: provisioning, id } = await scene.waiting();
    await scene.report(id, 'applied');
    await scene.reaches(provisioning, 'succeeded');
    const suspend = async (): Promise<string> =>
      (await scene.plane.post(`/api/tenants/${id}/suspend`, {}).expect(202)).body.job.id;
    const first = await suspend();
    await scene.act(first, 'cancel').expect(202);
    await scene.act(first, 'rollback').expect(202);
    await scene.reaches(first, 'cancelled');
    const second = await suspend();
    for (const action of ['retry', 'rollback'] as const)
      expect(refusal(await scene.act(first, action))).toEqual([409, 'operation_in_progress']);
    await scene.act(second, 'cancel').expect(202);
    expect(refusal(await scene.act(first, 'retry'))).toEqual([409, 'invalid_transition']);
    await scene.act(second, 'retry').expect(202);
  });

  it('leaves no trace in the cell when rolling back a job that has not published anything', async () => {
    scene.oneByOne();
    jest.spyOn(scene.plane.app.get(Cells), 'takePlace').mockResolvedValueOnce(null);
    const [before, { body }] = [await scene.placed(), await scene.plane.provision()];
    await scene.reaches(body.job.id, 'failed');
    await scene.act(body.job.id, 'rollback').expect(202);
    await scene.reaches(body.job.id, 'cancelled');
    expect(await scene.placed()).toBe(before);
    expect(await scene.plane.count(Placement, { tenantId: body.tenant.id })).toBe(0);
    expect((await scene.tenant(body.tenant.id)).status).toBe('deleted');
  });

  it('cannot retry, cancel or roll back a job that succeeded', async () => {
    const { job, id } = await scene.waiting();
    await scene.report(id, 'applied');
    await scene.reaches(job, 'succeeded');
    for (const action of ['retry', 'cancel', 'rollback'] as const) {
      expect(refusal(await scene.act(job, action))).toEqual([409, 'invalid_transition']);
    }
  });

  it('gets 404 for an unknown job', async () => {
    const missing = '01900000-0000-7000-8000-000000000000';
    expect(refusal(await scene.plane.get(`${JOBS}/${missing}`))).toEqual([404, 'job_not_found']);
    expect(refusal(await scene.plane.get(`${JOBS}/${missing}/events`))).toEqual([404, 'job_not_found']);
    expect(refusal(await scene.act(missing, 'retry'))).toEqual([404, 'job_not_found']);
    expect(refusal(await scene.act(missing, 'cancel'))).toEqual([404, 'job_not_found']);
    expect(refusal(await scene.plane.get(`${JOBS}/no-uuid`))).toEqual([400, 'validation_failed']);
  });

  it('undoes everything that the request created when rolling back a job that never ran', async () => {
    const asleep = jest.spyOn(scene.plane.app.get(JobRunner), 'advance').mockResolvedValue(undefined);
    const { body } = await scene.plane.provision({ deployment_model: 'on_prem' }).expect(202);
    const { id, tenant_plane_id: tenantPlaneId } = body.tenant;
    await scene.act(body.job.id, 'cancel').expect(202);
    asleep.mockRestore();
    await scene.act(body.job.id, 'rollback').expect(202);
    await scene.reaches(body.job.id, 'cancelled');
    expect(await scene.tenant(id)).toMatchObject({ status: 'deleted', tenant_plane_id: null });
    const live = { tenantPlaneId, revokedAt: IsNull(), consumedAt: IsNull() };
    expect(await scene.plane.count(ProvisioningToken, live)).toBe(0);
    expect(await scene.plane.rows(TenantPlane, { id: tenantPlaneId })).toMatchObject([{ status: 'retired' }]);
  });

  it('restarts the wait when retrying a job whose wait timed out', async () => {
    const { job, id } = await scene.waiting();
    scene.plane.clock.advance(15 * 60 + 1);
    await scene.plane.sweep();
    await scene.reaches(job, 'failed');
    await scene.act(job, 'retry').expect(202);
    await eventually(async () => ['waiting', 'failed'].includes((await scene.job(job)).status));
    expect((await scene.job(job)).status).toBe('waiting');
    await scene.report(id, 'applied');
    await scene.reaches(job, 'succeeded');
  });

  it('cannot restart a rolled-back job, so its tenant stays deleted', async () => {
    const { job, id } = await scene.waiting();
    await scene.act(job, 'cancel').expect(202);
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
    expect(refusal(await scene.act(job, 'retry'))).toEqual([409, 'invalid_transition']);
    expect(refusal(await scene.act(job, 'rollback'))).toEqual([409, 'invalid_transition']);
    expect((await scene.tenant(id)).status).toBe('deleted');
  });

  it.each(['retry', 'rollback'] as const)(
    'does not revive a tenant if a %s races with its deprovisioning',
    async (action) => {
      const { job, id, slug } = await scene.waiting();
      await scene.act(job, 'cancel').expect(202);
      await using held = await HeldRow.hold(scene.plane, ProvisioningJob, job);
      const restarted = scene.act(job, action).then();
      await held.untilWaiting(1);
      const path = `/api/tenants/${id}/deprovision`;
      const deprovisioned = scene.plane.post(path, { confirm_slug: slug }).then();
      const isDeleted = async () => (await scene.tenant(id))['status'] === 'deleted';
      await eventually(async () => (await held.waiting()) >= 2 || (await isDeleted()), { everyMs: 5 });
      await held.release();
      expect((await restarted).status).toBe(202);
      const { status, body } = await deprovisioned;
      // After a rollback nothing is left to deprovision.
      if (status === 202) await scene.reaches(body.job.id, 'succeeded');
      else expect(refusal({ status, body })).toEqual([409, 'invalid_transition']);
      await scene.reaches(job, 'cancelled');
      expect((await scene.tenant(id))['status']).toBe('deleted');
    },
  );

  it('sees the fatal error that caused a job to undo itself and delete its tenant', async () => {
    scene.oneByOne();
    const { job, id } = await scene.waiting();
    const failure = new StepFailure('fatal', 'no_way', 'There is no way forward.');
    jest.spyOn(scene.plane.app.get(ActivateStep), 'run').mockRejectedValueOnce(failure);
    await scene.report(id, 'applied');
    await scene.reaches(job, 'cancelled');
    expect((await scene.job(job)).error).toEqual({
      code: 'no_way',
      detail: failure.message,
      class: 'fatal',
      fix: expect.stringContaining('undone automatically'),
    });
    expect(await scene.tenant(id)).toMatchObject({ status: 'deleted', endpoint_url: null });
  });

  it('sees that nothing listens at any address of a host', async () => {
    scene.oneByOne();
    const { job, id } = await scene.waiting();
    const refused = ['::1:5432', '10.0.0.5:5432', '10.0.0.5:5432'];
    const failure = new AggregateError(refused.map((at) => new Error(`connect ECONNREFUSED ${at}`)));
    jest.spyOn(scene.plane.app.get(ActivateStep), 'run').mockRejectedValueOnce(failure);
    await scene.report(id, 'applied');
    const error = async () => stepOf(await scene.job(job), 'activate')?.error;
    await eventually(async () => (await error()) !== null);
    expect(await error()).toMatchObject({
      detail: 'Nothing listens at ::1:5432. Nothing listens at 10.0.0.5:5432.',
    });
  });

  it('sees how long each step took to undo, not how long ago it ran', async () => {
    const { job } = await scene.waiting();
    scene.plane.clock.advance(100);
    await scene.act(job, 'cancel').expect(202);
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
    expect(await scene.tookOf(job)).toEqual([...beforeReport(0), 0, ...afterReport(null)]);
  });

  describe('when the rollback of a job fails,', () => {
    const broken = async () => {
      const before = await scene.placed();
      const { job, id } = await scene.waiting();
      const free = jest.spyOn(scene.plane.app.get(Cells), 'freePlace').mockRejectedValue(new Error('broken'));
      await scene.act(job, 'cancel').expect(202);
      await scene.act(job, 'rollback').expect(202);
      await eventually(async () => stepOf(await scene.job(job), 'reserve-place')?.error, {
        what: 'the error is shown',
      });
      return { job, id, before, free };
    };

    it('sees the error, and the rollback is retried later', async () => {
      const { job, id, before, free } = await broken();
      expect((await scene.plane.rows(ProvisioningJob, { id: job }))[0]?.leaseOwner).toBeNull();
      const later = STEPS.slice(STEPS.indexOf('reserve-place') + 1);
      const undone = [...beforeReport('undone'), 'undone', ...afterReport('skipped')];
      expect((await scene.statesOf(job)).slice(-later.length)).toEqual(undone.slice(-later.length));
      free.mockRestore();
      scene.plane.clock.advance(61);
      await scene.plane.sweep();
      await scene.reaches(job, 'cancelled');
      expect((await scene.tenant(id)).status).toBe('deleted');
      expect(await scene.placed()).toBe(before);
    });

    it('sees the job fail after its last attempt, and can roll it back again', async () => {
      const { job, id, before, free } = await broken();
      await eventually(
        async () => {
          scene.plane.clock.advance(61);
          await scene.plane.sweep();
          return (await scene.job(job)).status === 'failed';
        },
        { what: 'the job gives up' },
      );
      expect(free.mock.calls.length).toBe(6);
      free.mockRestore();
      await scene.act(job, 'rollback').expect(202);
      await scene.reaches(job, 'cancelled');
      expect((await scene.tenant(id)).status).toBe('deleted');
      expect(await scene.placed()).toBe(before);
    });

    it('can resume the job instead', async () => {
      const { job, id, before, free } = await broken();
      free.mockRestore();
      await scene.act(job, 'cancel').expect(202);
      scene.plane.clock.advance(100);
      await scene.act(job, 'retry').expect(202);
      await scene.reaches(job, 'waiting');
      expect(await scene.tookOf(job)).toEqual([...beforeReport(0), null, ...afterReport(null)]);
      scene.plane.clock.advance(7);
      scene.cell.tenants.delete(id);
      await scene.cell.serve(id);
      await scene.reaches(job, 'succeeded');
      expect(await scene.tookOf(job)).toEqual([...beforeReport(0), 7, ...afterReport(0)]);
      expect((await scene.tenant(id)).status).toBe('active');
      expect(await scene.placed()).toBe(before + 1);
    });
  });
});

describe.each(databasesOfLongSuite('postgres'))('the list of jobs on %s', (driver) => {
  let plane: TestControlPlane;
  const ids: string[] = [];
  let first: { tenant: { id: string }; job: { id: string } };
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    await plane.enrolledCell();
    for (let n = 0; n < 5; n += 1) {
      const { body } = await plane.provision();
      first ??= body;
      ids.unshift(body.job.id);
    }
    await eventually(async () => (await plane.count(ProvisioningJob, { status: 'waiting' })) === 5);
    await plane.post(`${JOBS}/${first.job.id}/cancel`).expect(202);
  });
  afterAll(() => plane.close());

  const list = async (query: string) => (await plane.get(`${JOBS}${query}`).expect(200)).body;
  const idsOf = (page: { items: { id: string }[] }) => page.items.map((job) => job.id);

  it('is paginated, newest first', async () => {
    const [one] = [await list('?limit=2')];
    const two = await list(`?limit=2&cursor=${one.next_cursor}`);
    const three = await list(`?limit=2&cursor=${two.next_cursor}`);
    expect([...idsOf(one), ...idsOf(two), ...idsOf(three)]).toEqual(ids);
    expect(three.next_cursor).toBeNull();
    expect(await list('?limit=5')).toMatchObject({ next_cursor: null });
  });

  it('can be filtered by tenant and by status', async () => {
    expect(idsOf(await list(`?tenant_id=${first.tenant.id}`))).toEqual([first.job.id]);
    expect(idsOf(await list('?status=cancelled'))).toEqual([first.job.id]);
    expect(idsOf(await list('?status=waiting'))).toEqual(ids.slice(0, 4));
    expect(idsOf(await list(`?tenant_id=${first.tenant.id}&status=waiting`))).toEqual([]);
  });

  it('can be filtered by operation, by being live, and by needing attention', async () => {
    expect(idsOf(await list('?operation=provision'))).toEqual(ids);
    expect(idsOf(await list('?operation=move'))).toEqual([]);
    expect(idsOf(await list('?live=true'))).toEqual(ids.slice(0, 4));
    expect(idsOf(await list('?live=false'))).toEqual([first.job.id]);
    // The cancelled provisioning has left its tenant failed.
    expect(idsOf(await list('?needs_attention=true'))).toEqual([first.job.id]);
    const [id = ''] = ids;
    await plane.change(ProvisioningJob, { id }, { status: 'failed' });
    expect(idsOf(await list('?needs_attention=true'))).toEqual([id, first.job.id]);
    expect(idsOf(await list('?needs_attention=false'))).toEqual(ids.slice(1, 4));
    await plane.change(ProvisioningJob, { id }, { status: 'waiting' });
  });

  it.each([
    'live=yes',
    'needs_attention=',
    'operation=odd',
    'status=odd',
    'tenant_id=acme',
    'cursor=x',
    'limit=0',
    'limit=201',
    'colour=red',
  ])('cannot be requested with the query %s', async (query) =>
    expect(refusal(await plane.get(`${JOBS}?${query}`))).toEqual([400, 'validation_failed']),
  );
});
