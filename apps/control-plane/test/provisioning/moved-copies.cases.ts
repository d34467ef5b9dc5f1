import { StepFailure } from '@atlas/jobs';
import { OFFLINE_AFTER_SECONDS } from '@atlas/plane-contract';
import { databasesOfLongSuite } from '@atlas/testing';
import { decodeJwt } from 'jose';
import { IsNull, Not } from 'typeorm';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { LocalDriver } from '../../src/infrastructure/drivers/local/local.driver';
import { Purges } from '../../src/operations/deprovision/purges';
import { ReadableBackup } from '../../src/operations/deprovision/readable-backup';
import { OldCopies } from '../../src/operations/remove-copy/old-copies';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Drift } from '../../src/reconcile/drift.entity';
import { Reconciler } from '../../src/reconcile/reconciler';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Transfer } from '../../src/registry/transfer.entity';
import { nextRun, sealedPart, sendPart, takePart } from '../backup-part.fixture';
import { DrivenPlanes } from '../driven-planes.fixture';
import { JobScene } from '../job-scene.fixture';
import { PlaneSimulator, refusal } from '../plane-simulator.fixture';
import { Traveller } from '../travel-scene.fixture';

const WEEK_SECONDS = 7 * 24 * 3600;

describe.each(databasesOfLongSuite('postgres'))('a moved tenant, on %s', (driver) => {
  let scene: JobScene;
  let tenant: Traveller;
  let target: PlaneSimulator;
  let driven: DrivenPlanes;
  let count = 0;
  beforeAll(async () => {
    scene = await JobScene.set(driver);
    driven = new DrivenPlanes(scene);
    Object.assign(scene.plane.app.get(Reconciler), { pause: () => Promise.resolve() });
  });
  afterAll(() => scene.plane.close());
  beforeEach(async () => {
    tenant = await Traveller.settle(scene, `region-${(count += 1)}`);
    target = await scene.plane.enrolledCell({ region: tenant.region });
  });
  afterEach(() => jest.restoreAllMocks());

  /** Completes the move, and returns the id of the copy that the target is required to have. */
  const moves = async (to = target): Promise<string | undefined> => {
    const { job, last } = await tenant.almostMoved(to);
    await last();
    await scene.reaches(job, 'succeeded');
    return (await tenant.isHome(to)).requires_copy;
  };
  /**
   * Expects the job to fail without removing the old copy. Rolls
   * the job back, then moves the tenant back to that copy.
   */
  const isLeftAtTheOldHome = async (job: string): Promise<void> => {
    await scene.reaches(job, 'failed');
    expect((await scene.job(job)).error).toMatchObject({ code: 'copy_lost' });
    expect(await tenant.told((told) => told)).not.toHaveProperty('purge');
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
    await isReopened(backTo(tenant.cell));
  };
  const sweep = () => scene.plane.app.get(OldCopies).sweep();
  const removals = () => scene.plane.rows(ProvisioningJob, { tenantId: tenant.id, operation: 'remove_copy' });
  const timeGoesBy = async (): Promise<void> => {
    const kept = { tenantId: tenant.id, removeAfter: Not(IsNull()) };
    await scene.plane.change(Placement, kept, { removeAfter: scene.plane.clock.now() });
    await sweep();
  };
  /** Makes the cell's old copy due for removal, and has the cell report the removal. */
  const isRemoved = async (cell: PlaneSimulator): Promise<void> => {
    await timeGoesBy();
    const removal = (await removals()).at(-1);
    await tenant.told(({ purge }) => purge?.job_id === removal?.id, cell);
    await tenant.report({}, cell);
    await scene.reaches(removal?.id ?? '', 'succeeded');
  };
  const path = (what: string) => `/api/tenants/${tenant.id}/${what}`;
  const move = (body: object, query = '') => scene.plane.post(`${path('move')}${query}`, body);
  const backTo = ({ id }: PlaneSimulator) => ({ deployment_model: 'shared', tenant_plane_id: id });
  /** Moves the tenant to a dedicated plane. */
  const movesToItsOwn = async (): Promise<PlaneSimulator> => {
    const { body } = await move({ deployment_model: 'dedicated' }).expect(202);
    const own = await driven.enrols(tenant.slug, '0.1.0');
    const { last } = await tenant.almostMoved(own, body.job.id);
    await last();
    await scene.reaches(body.job.id, 'succeeded');
    await tenant.isHome(own);
    return own;
  };
  const isReopened = async (body: { deployment_model: string }, cell = tenant.cell): Promise<void> => {
    const planned = await move(body, '?dry_run=true').expect(200);
    const steps = [{ name: 'reopen-copy' }, { name: 'await-report' }];
    const named = body.deployment_model === 'shared' && { cell: { id: cell.id } };
    expect(planned.body.plan).toMatchObject({ steps, install_required: false, ...named });
    const accepted = await move(body).expect(202);
    expect(accepted.body.install).toBeFalsy();
    const { id: job_id } = accepted.body.job;
    await tenant.told(({ reopened }) => reopened?.job_id === job_id, cell);
    await scene.reaches(job_id, 'waiting');
    await tenant.report({}, cell);
    await scene.reaches(job_id, 'succeeded');
    const entry = await tenant.isHome(cell);
    expect(entry).toMatchObject({ reopened: { job_id } });
    for (const gone of ['moved_to', 'requires_copy', 'purge', 'transfer'])
      expect(entry).not.toHaveProperty(gone);
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'active', tenant_plane_id: cell.id });
  };

  it('requires its rows at the new home until the old copy has been removed', async () => {
    const planned = await move(backTo(target), '?dry_run=true').expect(200);
    expect(planned.body.plan.cell).toEqual({ id: target.id, name: expect.any(String) });
    const copy = await moves();
    expect(copy).toEqual(expect.any(String));
    expect(await tenant.told(({ phase }) => phase === 'retired' && 'moved_to')).toBe('moved_to');
    await tenant.report({}, target);
    await isRemoved(tenant.cell);
    const { tenants } = await target.pullAll();
    const entry = tenants.find(({ tenant_id: id }) => id === tenant.id);
    expect(entry).toMatchObject({ phase: 'serving' });
    expect(entry).not.toHaveProperty('requires_copy');
    await tenant.installAnew({}, target);
    await move({ ...backTo(tenant.cell) }).expect(202);
  });

  it('still counts as lost if its new home reports missing rows and then another error', async () => {
    const copy = await moves();
    await tenant.report({}, target);
    await timeGoesBy();
    const removal = (await removals()).at(-1);
    await tenant.told(({ purge }) => purge?.job_id === removal?.id, tenant.cell);
    await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, target);
    await tenant.report({ state: 'retrying', error: 'The disk is full.' }, target);
    await tenant.report({}, tenant.cell);
    await scene.reaches(removal?.id ?? '', 'succeeded');
    const { tenants } = await target.pullAll();
    expect(tenants).toMatchObject([{ tenant_id: tenant.id, requires_copy: copy }]);
    const { body } = await move({ deployment_model: 'dedicated' }, '?dry_run=true').expect(409);
    expect(body.code).toBe('copy_lost');
  });

  it('counts as lost if its home reports missing rows, even if no other plane ever had them', async () => {
    await tenant.report({ state: 'failed', code: 'copy_missing', error: 'They were removed.' });
    const { body } = await move(backTo(target), '?dry_run=true').expect(409);
    expect(body).toMatchObject({ code: 'copy_lost', detail: expect.stringContaining('accept_data_loss') });
    const givesUp = { confirm_slug: tenant.slug, accept_data_loss: true };
    await scene.plane.post(path('deprovision?dry_run=true'), givesUp).expect(200);
  });

  it('has its old copy removed on time if its new home re-enrols with the same database', async () => {
    await moves();
    const { instanceId: instance_id } = target;
    const anew = await tenant.installAnew({ instance_id }, target);
    await tenant.isHome(anew);
    await tenant.report({}, anew);
    await isRemoved(tenant.cell);
  });

  const LOST: readonly (readonly [string, () => Promise<PlaneSimulator>])[] = [
    [
      'is reinstalled before its first report, then reports that it serves the tenant',
      async () => {
        const anew = await tenant.installAnew({}, target);
        await tenant.isHome(anew);
        await tenant.report({}, anew);
        return anew;
      },
    ],
    [
      'is reinstalled after its first report, then reports that it serves the tenant',
      async () => {
        await tenant.report({}, target);
        const anew = await tenant.installAnew({}, target);
        await tenant.isHome(anew);
        await tenant.report({}, anew);
        return anew;
      },
    ],
    [
      'reports that its database lacks the rows',
      async () => {
        await tenant.report({}, target);
        await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, target);
        return target;
      },
    ],
  ];
  describe.each(LOST)('when the new home %s', (_, lose) => {
    it('keeps its old copy, and can be served by the old home again', async () => {
      const copy = await moves();
      const now = await lose();
      expect(await tenant.isHome(now)).toMatchObject({ requires_copy: copy });
      await timeGoesBy();
      expect(await removals()).toEqual([]);
      for (const query of ['', '?dry_run=true'])
        for (const body of [{ deployment_model: 'shared' }, { deployment_model: 'dedicated' }]) {
          const refused = await move(body, query);
          expect(refusal(refused)).toEqual([409, 'copy_lost']);
          expect(refused.body.detail).toContain(`${path('move')} ${JSON.stringify(backTo(tenant.cell))}`);
        }
      await isReopened(backTo(tenant.cell));
      await tenant.report();
      await isRemoved(now);
    });
  });

  describe('when moved back to its old copy', () => {
    const reopens = async (): Promise<string> => {
      await moves();
      await tenant.installAnew({}, target);
      const job = await tenant.asked('move', backTo(tenant.cell));
      await tenant.told(({ reopened }) => reopened?.job_id === job);
      await scene.reaches(job, 'waiting');
      return job;
    };

    it('has the age of the copy recorded in the job and in the audit log', async () => {
      const before = scene.plane.clock.now().toISOString();
      const job = await reopens();
      const { steps } = await scene.job(job);
      const result = {
        tenant_plane_id: tenant.cell.id,
        rows_as_of: before,
        warning: expect.stringContaining('still works'),
      };
      expect(steps[0]).toMatchObject({ name: 'reopen-copy', outputs: result });
      const { body } = await scene.plane.get('/api/audit?action=tenant.copy_reopened&limit=1').expect(200);
      expect(body.items[0]).toMatchObject({
        target: { id: tenant.id },
        before: { tenant_plane_id: target.id },
        after: { ...result, job_id: job },
      });
    });

    it('no longer accepts its earlier sign-up links', async () => {
      const { body } = await scene.plane.post(path('signup-link'), {}).expect(201);
      const { jti } = decodeJwt(body.token);
      await reopens();
      const { signup_links: links } = await tenant.told((entry) => entry);
      expect(links).toMatchObject({ revoked: expect.arrayContaining([jti]), carried: [] });
    });

    it('can complete the move on a later retry if the old home lacked the rows at first', async () => {
      const job = await reopens();
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' });
      while ((await scene.looksAgain(job)).status !== 'failed');
      expect((await scene.job(job)).error).toMatchObject({ detail: expect.stringContaining('not here') });
      await tenant.report();
      await scene.act(job, 'retry').expect(202);
      await scene.reaches(job, 'succeeded');
    });

    it('counts as lost if the old home is reinstalled before it reports serving the tenant', async () => {
      const job = await reopens();
      expect(await tenant.told((entry) => entry)).toMatchObject({
        reopened: { job_id: job, requires_rows: true },
      });
      await tenant.installAnew();
      await tenant.report();
      while ((await scene.looksAgain(job)).status !== 'failed');
      expect((await scene.job(job)).error).toMatchObject({ code: 'copy_lost' });
      const body = { confirm_slug: tenant.slug, accept_data_loss: true };
      await scene.plane.post(path('deprovision?dry_run=true'), body).expect(200);
    });

    it('is not lost if the old home is reinstalled after it has reported serving the tenant', async () => {
      const job = await reopens();
      await tenant.report();
      await scene.reaches(job, 'succeeded');
      await tenant.installAnew();
      expect(await tenant.told((entry) => entry)).toMatchObject({ reopened: { job_id: job } });
      expect(await tenant.told(({ reopened }) => reopened)).not.toHaveProperty('requires_rows');
      const body = { confirm_slug: tenant.slug, accept_data_loss: true };
      const answer = await scene.plane.post(path('deprovision?dry_run=true'), body);
      expect(refusal(answer)).toEqual([409, 'copy_not_lost']);
    });

    it('stays at the old home, because its job cannot be cancelled', async () => {
      const job = await reopens();
      expect(refusal(await scene.act(job, 'cancel'))).toEqual([409, 'beyond_return']);
      await tenant.isHome();
      await tenant.report();
      await scene.reaches(job, 'succeeded');
    });

    it('no longer counts as reopened once it has been moved away and back', async () => {
      const job = await reopens();
      await tenant.report();
      await scene.reaches(job, 'succeeded');
      const [first, second] = [tenant.cell, await scene.plane.enrolledCell({ region: tenant.region })];
      await moves(second);
      expect(await tenant.told((entry) => entry, second)).not.toHaveProperty('reopened');
      tenant.cell = second;
      await tenant.report();
      await moves(first);
      expect(await tenant.told((entry) => entry, first)).not.toHaveProperty('reopened');
    });
  });

  it.each(['release-copy', 'purge-copy'])(
    'keeps its old copy if its new home loses the rows before the step %s',
    async (step) => {
      await moves();
      await tenant.report({}, target);
      const lost = scene.before(step, async () => void (await tenant.installAnew({}, target)));
      await timeGoesBy();
      await lost;
      const [removal] = await removals();
      await scene.reaches(removal?.id ?? '', 'cancelled');
      expect((await scene.job(removal?.id ?? '')).error).toMatchObject({ code: 'copy_lost' });
      await isReopened(backTo(tenant.cell));
    },
  );

  it('keeps its old copy while its new home is offline', async () => {
    await moves();
    await tenant.report({}, target);
    scene.plane.clock.advance(OFFLINE_AFTER_SECONDS + 1);
    await timeGoesBy();
    expect(await removals()).toEqual([]);
    await target.report();
    await isRemoved(tenant.cell);
  });

  it('keeps its old copy after a restore of the Control Plane until its new home reports again', async () => {
    await moves();
    await tenant.report({}, target);
    const { revision } = target;
    await scene.plane.beginEpoch();
    const entry_revision = target.tenants.get(tenant.id)?.entry_revision ?? 0;
    const before = { tenant_id: tenant.id, state: 'applied', entry_revision } as const;
    expect((await target.report([before], { revision })).status).toBe(200);
    await timeGoesBy();
    expect(await removals()).toEqual([]);
    await tenant.report({}, target);
    await isRemoved(tenant.cell);
  });

  it('keeps its old copy if its new home goes offline after the removal has begun', async () => {
    await moves();
    await tenant.report({}, target);
    const offline = scene.before('purge-copy', async () =>
      scene.plane.clock.advance(OFFLINE_AFTER_SECONDS + 1),
    );
    await timeGoesBy();
    await offline;
    const [removal] = await removals();
    await scene.reaches(removal?.id ?? '', 'cancelled');
    expect((await scene.job(removal?.id ?? '')).error).toMatchObject({ code: 'home_not_serving' });
    await timeGoesBy();
    expect(await removals()).toHaveLength(1);
    await target.report();
    await timeGoesBy();
    expect(await removals()).toHaveLength(2);
  });

  describe('when the removal of its old copy is interrupted', () => {
    const entry = async () => (await target.pullAll()).tenants.find(({ tenant_id: id }) => id === tenant.id);
    const cancels = async (job: string): Promise<void> => {
      await scene.act(job, 'cancel').expect(202);
      await scene.reaches(job, 'cancelled');
    };
    const isBegun = async (): Promise<string> => {
      await moves();
      await tenant.report({}, target);
      await timeGoesBy();
      const id = (await removals())[0]?.id ?? '';
      await tenant.told(({ purge }) => purge?.job_id === id);
      await scene.reaches(id, 'waiting');
      return id;
    };
    const cancelledAndSuspended = async (removal: string): Promise<void> => {
      await cancels(removal);
      await sweep();
      expect(await removals()).toHaveLength(1);
      for (const what of ['suspend', 'resume']) {
        const job = await tenant.asked(what);
        await scene.reaches(job, 'waiting');
        await tenant.report({}, target);
        await scene.reaches(job, 'succeeded');
      }
    };
    const deprovisionedAndRolledBack = async (): Promise<void> => {
      const job = await tenant.deprovision();
      await tenant.told(({ transfer }) => transfer?.role === 'backup', target);
      await cancels(job);
      await scene.act(job, 'rollback').expect(202);
      await scene.reaches(job, 'cancelled');
      await tenant.isHome(target);
      await tenant.report({}, target);
    };

    it.each([
      ['is cancelled, and the tenant is then suspended and resumed', cancelledAndSuspended],
      ['is stopped by a deprovisioning that is rolled back', deprovisionedAndRolledBack],
    ])(
      'requires its rows at the new home until a second removal succeeds, if the first %s',
      async (_, breaks) => {
        const first = await isBegun();
        await breaks(first);
        // The first removal is over, so it ignores this report.
        await tenant.report();
        expect(await entry()).toHaveProperty('requires_copy');
        await isRemoved(tenant.cell);
        expect(await removals()).toHaveLength(2);
        expect(await entry()).not.toHaveProperty('requires_copy');
        await sweep();
        expect(await removals()).toHaveLength(2);
      },
    );

    it('is given no second removal job until its new home is online', async () => {
      await cancelledAndSuspended(await isBegun());
      scene.plane.clock.advance(OFFLINE_AFTER_SECONDS + 1);
      await sweep();
      expect(await removals()).toHaveLength(1);
      await target.report();
      await isRemoved(tenant.cell);
    });
  });

  it('counts as lost if the new home is reinstalled while the old home removes the old copy', async () => {
    const copy = await moves();
    await tenant.report({}, target);
    await timeGoesBy();
    const [removal] = await removals();
    await tenant.told(({ purge }) => purge?.job_id === removal?.id);
    const anew = await tenant.installAnew({}, target);
    await tenant.report();
    await scene.reaches(removal?.id ?? '', 'succeeded');
    expect(await tenant.isHome(anew)).toMatchObject({ requires_copy: copy });
    expect(refusal(await move(backTo(tenant.cell)))).toEqual([409, 'copy_lost']);
  });

  it('is reported as drift if its rows are lost', async () => {
    await moves();
    await tenant.installAnew({}, target);
    await scene.plane.app.get(Reconciler).look();
    const drifts = () => scene.plane.rows(Drift, { kind: 'copy_missing', subjectId: tenant.id });
    expect(await drifts()).toMatchObject([
      { resolvedAt: null, detail: expect.stringContaining(path('move')) },
    ]);
    await isReopened(backTo(tenant.cell));
    await scene.plane.app.get(Reconciler).look();
    expect(await drifts()).toMatchObject([{ resolvedAt: expect.any(Date) }]);
  });

  it('is published again if its new home reports no more errors after reporting missing rows', async () => {
    await moves();
    await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, target);
    await target.report();
    const { entry_revision: before } = await tenant.isHome(target);
    await scene.plane.app.get(Reconciler).look();
    await tenant.told(({ entry_revision: now }) => now > before, target);
    await tenant.report({}, target);
    await isRemoved(tenant.cell);
  });

  it('keeps its old copy if deprovisioned after its new home has lost the rows', async () => {
    await moves();
    await tenant.installAnew({}, target);
    const job = await tenant.deprovision();
    await scene.reaches(job, 'failed');
    const { error } = await scene.job(job);
    expect(error).toMatchObject({ code: 'copy_lost', detail: expect.stringContaining(tenant.cell.id) });
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
    await isReopened(backTo(tenant.cell));
  });

  it('loses its old copy even if the deprovisioning that began the removal is rolled back', async () => {
    const [before, own] = [tenant.cell, await movesToItsOwn()];
    await tenant.report({}, own);
    tenant.cell = own;
    const job = await tenant.deprovision();
    await tenant.backUp();
    await tenant.told(({ purge }) => purge?.job_id === job, before);
    await scene.act(job, 'cancel').expect(202);
    await tenant.report({}, own);
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
    expect(await tenant.isHome()).not.toHaveProperty('transfer');
    expect(await tenant.told(({ purge }) => purge, before)).toEqual({ job_id: job });
    await tenant.report({}, own);
    await isRemoved(before);
    const { tenants } = await own.pullAll();
    expect(tenants).toEqual([expect.objectContaining({ tenant_id: tenant.id })]);
    expect(tenants[0]).not.toHaveProperty('requires_copy');
  });

  it('keeps its backup while its home is offline during the rollback of a deprovisioning', async () => {
    const [before, own] = [tenant.cell, await movesToItsOwn()];
    await tenant.report({}, own);
    tenant.cell = own;
    const job = await tenant.deprovision();
    const backup = await tenant.backUp();
    await tenant.told(({ purge }) => purge?.job_id === job, before);
    await scene.act(job, 'cancel').expect(202);
    await tenant.report({}, own);
    scene.plane.clock.advance(OFFLINE_AFTER_SECONDS + 1);
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'failed');
    expect(await scene.job(job)).toMatchObject({ error: { code: 'home_not_serving' } });
    expect((await scene.plane.rows(Transfer, { id: backup }))[0]?.keySealed).not.toBeNull();
    await tenant.report({}, own);
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
    expect((await scene.plane.rows(Transfer, { id: backup }))[0]?.keySealed).toBeNull();
  });

  it('is lost for good if both its new and its old home are reinstalled', async () => {
    await moves();
    await tenant.installAnew({}, target);
    await tenant.installAnew();
    const refused = await move(backTo(tenant.cell));
    expect(refusal(refused)).toEqual([409, 'copy_lost']);
    expect(refused.body.detail).toContain('no other tenant plane');
    await timeGoesBy();
    expect(await removals()).toEqual([]);
  });

  it('has no old copy at an old home that was reinstalled right before the cut-over', async () => {
    const { job, last } = await tenant.almostMoved(target);
    const anew = scene.before('cut-over', async () => void (await tenant.installAnew()));
    await last();
    await anew;
    await scene.reaches(job, 'succeeded');
    await tenant.isHome(target);
    await tenant.installAnew({}, target);
    expect(refusal(await move(backTo(tenant.cell)))).toEqual([409, 'copy_lost']);
  });

  describe('when deprovisioned with accept_data_loss', () => {
    const remove = (query = '', changes: object = {}) =>
      scene.plane.post(`${path('deprovision')}${query}`, {
        confirm_slug: tenant.slug,
        accept_data_loss: true,
        ...changes,
      });
    const isRefused = async (code: string, detail: RegExp): Promise<void> => {
      for (const query of ['?dry_run=true', '']) {
        const refused = await remove(query);
        expect(refusal(refused)).toEqual([409, code]);
        expect(refused.body.detail).toMatch(detail);
      }
      expect(
        await scene.plane.count(ProvisioningJob, { tenantId: tenant.id, operation: 'deprovision' }),
      ).toBe(0);
    };

    it('is removed, and later purged, if both homes have lost its rows', async () => {
      await moves();
      const [now, before] = [await tenant.installAnew({}, target), await tenant.installAnew()];
      expect((await move(backTo(before))).body.detail).toContain('"accept_data_loss": true');
      expect((await remove('?dry_run=true').expect(200)).body.plan.restorable_days).toBe(0);
      const { id: job } = (await remove().expect(202)).body.job;
      for (const plane of [now, before]) {
        await tenant.told(({ purge }) => purge?.job_id === job, plane);
        await tenant.report({}, plane);
      }
      await scene.reaches(job, 'succeeded');
      const audited = { action: 'tenant.deprovision', targetId: tenant.id };
      expect(await scene.plane.rows(AuditEvent, audited)).toMatchObject([
        { after: { accept_data_loss: true } },
      ]);
      await scene.plane.app.get(Purges).sweep();
      const [purge] = await scene.plane.rows(ProvisioningJob, { tenantId: tenant.id, operation: 'purge' });
      await scene.reaches(purge?.id ?? '', 'succeeded');
      expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'deleted' });
    });

    it('is not removed while its new home has the rows', async () => {
      await moves();
      await isRefused('copy_not_lost', /Leave accept_data_loss out/);
    });

    it('is not removed while its old home has a copy', async () => {
      await moves();
      await tenant.installAnew({}, target);
      await isRefused('copy_kept', /move the tenant back/);
    });

    it('is not removed during a move back to an old home that has a copy', async () => {
      await moves();
      await tenant.asked('move', backTo(tenant.cell));
      await tenant.told(({ transfer }) => transfer?.role === 'target');
      await tenant.installAnew({}, target);
      await isRefused('copy_kept', /an unfinished move back holds a place there/);
    });

    it('is not removed while an old home that must re-enrol has a copy', async () => {
      await moves();
      await tenant.installAnew({}, target);
      await scene.plane.change(TenantPlane, { id: tenant.cell.id }, { status: 'expected' });
      await isRefused('copy_kept', /must re-enrol/);
    });

    it('keeps its old copy if the old home recovers the copy before the backup step', async () => {
      await moves();
      const { instanceId: instance_id } = tenant.cell;
      for (const plane of [target, tenant.cell]) await tenant.installAnew({}, plane);
      const back = scene.before('back-up', async () => void (await tenant.installAnew({ instance_id })));
      const { id: job } = (await remove().expect(202)).body.job;
      await back;
      await scene.reaches(job, 'failed');
      expect((await scene.job(job)).error).toMatchObject({ code: 'copy_lost' });
      await scene.act(job, 'rollback').expect(202);
      await scene.reaches(job, 'cancelled');
      await isReopened(backTo(tenant.cell));
    });

    /** Runs `happens` between the check of the backup and the transaction that starts the removal. */
    const afterTheLook = (happens: () => Promise<unknown>): void => {
      const backup = scene.plane.app.get(ReadableBackup);
      const look = backup.require.bind(backup);
      jest.spyOn(backup, 'require').mockImplementationOnce(async (context) => {
        await look(context);
        await happens();
      });
    };
    const given = async (): Promise<string> => (await remove().expect(202)).body.job.id;
    const loses = (home = target) =>
      tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, home);
    const isRemovedFrom = async (cell: PlaneSimulator, job: string): Promise<void> => {
      await tenant.told(({ purge }) => purge?.job_id === job, cell);
      await tenant.report({}, cell);
    };
    const isBackedUp = async (job: string): Promise<void> => {
      await scene.reaches(job, 'succeeded');
      const { steps } = await scene.job(job);
      expect(steps).toContainEqual(
        expect.objectContaining({
          name: 'back-up',
          outputs: expect.objectContaining({ backup_id: expect.any(String) }),
        }),
      );
      expect(await restorableFor()).toBeGreaterThan(0);
    };
    const restorableFor = async (): Promise<number> => {
      const { restorable_until } = await scene.tenant(tenant.id);
      return Date.parse(String(restorable_until)) - scene.plane.clock.now().getTime();
    };

    it('keeps its old copy if the old home recovers the copy right before the removal', async () => {
      await moves();
      const { instanceId: instance_id } = tenant.cell;
      for (const plane of [target, tenant.cell]) await tenant.installAnew({}, plane);
      afterTheLook(() => tenant.installAnew({ instance_id }));
      await isLeftAtTheOldHome(await given());
    });

    it('is backed up if its home recovers the rows right before the removal', async () => {
      await moves();
      await loses();
      const before = await tenant.installAnew();
      afterTheLook(() => tenant.report({}, target));
      const job = await given();
      tenant.cell = target;
      await tenant.backUp();
      for (const cell of [before, target]) await isRemovedFrom(cell, job);
      await isBackedUp(job);
    });

    describe('from a dedicated home', () => {
      let before: PlaneSimulator;
      beforeEach(async () => {
        target = await movesToItsOwn();
        await loses();
        before = await tenant.installAnew();
        tenant.cell = target;
      });
      /** The home recovers the rows while the job waits for the old home to remove its copy. */
      const comesBack = async (): Promise<string> => {
        const job = await given();
        await scene.reaches(job, 'waiting');
        await tenant.report();
        await isRemovedFrom(before, job);
        await tenant.told(({ transfer }) => transfer?.role === 'backup');
        return job;
      };
      const local = () => scene.plane.app.get(LocalDriver);

      it('is backed up if the home recovers the rows while the old copy is being removed', async () => {
        const job = await comesBack();
        await tenant.backUp();
        await isBackedUp(job);
      });

      it('stays at a home that recovers the rows if the job is rolled back before the backup', async () => {
        const job = await comesBack();
        await scene.act(job, 'cancel').expect(202);
        await scene.act(job, 'rollback').expect(202);
        await scene.reaches(job, 'cancelled');
        expect(await tenant.isHome()).not.toHaveProperty('transfer');
      });

      it('is removed without a backup if the home recovers the rows but loses them again', async () => {
        const job = await comesBack();
        await loses();
        await scene.reaches(job, 'succeeded');
        expect(await restorableFor()).toBe(0);
        expect(await scene.plane.count(Transfer, { tenantId: tenant.id, endedAt: IsNull() })).toBe(0);
      });

      it('is backed up if the home recovers the rows right before the home is removed', async () => {
        const removed = jest.fn();
        jest.spyOn(local(), 'destroy').mockImplementationOnce(async (_, write) => {
          await tenant.report();
          await write(async () => undefined);
          removed();
        });
        const job = await given();
        await isRemovedFrom(before, job);
        await tenant.told(async ({ transfer }) => {
          await scene.looksAgain(job);
          return transfer?.role === 'backup';
        });
        expect(removed).not.toHaveBeenCalled();
        await tenant.backUp();
        await isBackedUp(job);
      });

      it('is removed without a backup if the home recovers the rows while being removed', async () => {
        jest.spyOn(local(), 'destroy').mockImplementationOnce(async (_, write) => {
          await write(async () => undefined);
          throw new StepFailure('operator', 'stuck', 'It is stuck.', 'Try again.');
        });
        const job = await given();
        await isRemovedFrom(before, job);
        await scene.reaches(job, 'failed');
        await tenant.report();
        await scene.act(job, 'retry').expect(202);
        await scene.reaches(job, 'succeeded');
        expect(await restorableFor()).toBe(0);
      });
    });

    describe('after moving back to an old home that lost the rows', () => {
      /** Reinstalls the new home, reopens the old copy at `home`, and makes `home` lose its rows. */
      const reopensAt = async (home: PlaneSimulator, body: object): Promise<void> => {
        await moves();
        target = await tenant.installAnew({}, target);
        const job = await tenant.asked('move', body);
        await tenant.told(({ reopened }) => reopened?.job_id === job, home);
        await scene.reaches(job, 'waiting');
        await loses(home);
      };
      const isGivenUp = async (job: string): Promise<void> => {
        await scene.reaches(job, 'succeeded');
        expect(await restorableFor()).toBe(0);
      };

      it('is removed without a backup if that home recovers the rows once removal has begun', async () => {
        await reopensAt(tenant.cell, backTo(tenant.cell));
        const job = await given();
        await tenant.told(({ purge }) => purge?.job_id === job);
        await tenant.report({ state: 'retrying', error: 'It is busy.' });
        await isRemovedFrom(target, job);
        await isRemovedFrom(tenant.cell, job);
        await isGivenUp(job);
      });

      it('is removed without a backup if that home recovers the rows while being removed', async () => {
        const { region } = tenant;
        const { tenantId, slug, simulator } = await driven.provision('0.1.0', { region });
        tenant = Traveller.at(scene, region, simulator, tenantId, slug);
        await reopensAt(simulator, { deployment_model: 'dedicated' });
        jest.spyOn(scene.plane.app.get(LocalDriver), 'destroy').mockImplementationOnce(async (_, write) => {
          await write(async () => undefined);
          throw new StepFailure('operator', 'stuck', 'It is stuck.', 'Try again.');
        });
        const job = await given();
        await isRemovedFrom(target, job);
        await scene.reaches(job, 'failed');
        await tenant.report();
        await scene.act(job, 'retry').expect(202);
        await isGivenUp(job);
      });
    });

    it('is not removed if accept_data_loss is not a boolean', async () => {
      expect(refusal(await remove('', { accept_data_loss: 'yes' }))).toEqual([400, 'validation_failed']);
    });
  });

  it('can return only to its latest old copy after several moves', async () => {
    await moves();
    await tenant.report({}, target);
    const [first, second] = [tenant.cell, target];
    const third = await scene.plane.enrolledCell({ region: tenant.region });
    tenant.cell = second;
    await moves(third);
    const anew = await tenant.installAnew({}, third);
    await tenant.isHome(anew);
    await tenant.report({}, anew);
    await timeGoesBy();
    expect(await removals()).toEqual([]);
    expect(refusal(await move(backTo(first)))).toEqual([409, 'copy_lost']);
    await isReopened(backTo(second));
  });

  describe('while moving back to its old home', () => {
    const source = () => tenant.told(({ transfer }) => transfer?.role === 'source' && transfer, target);
    const onItsWay = async (): Promise<string> => {
      await moves();
      await tenant.report({}, target);
      const job = await tenant.asked('move', backTo(tenant.cell));
      await tenant.told(({ transfer }) => transfer?.role === 'target');
      return job;
    };
    const isCancelled = async (job: string): Promise<void> => {
      await scene.act(job, 'cancel').expect(202);
      await scene.reaches(job, 'cancelled');
    };

    it('has its users redirected by the old home, even while an import replaces the old copy', async () => {
      await onItsWay();
      const { endpoint_url: moved_to } = await scene.tenant(tenant.id);
      const entry = async () =>
        (await tenant.cell.pullAll()).tenants.find(({ tenant_id: id }) => id === tenant.id);
      expect(await entry()).toMatchObject({ phase: 'importing', moved_to });
      const transfer = await source();
      const part = await sealedPart(transfer, { incidents: { rows: 3, checksum: 'c' } });
      await sendPart(target, transfer.id, part);
      expect((await takePart(tenant.cell, transfer.id, nextRun())).status).toBe(200);
      expect(await entry()).toMatchObject({ phase: 'importing', moved_to });
    });

    it('keeps its old copy if the move is undone before the first part is sent', async () => {
      const job = await onItsWay();
      const transfer = await source();
      // The old home is already requesting the first part.
      expect((await takePart(tenant.cell, transfer.id, nextRun())).status).toBe(204);
      await tenant.installAnew({}, target);
      await isCancelled(job);
      const entry = await tenant.told(({ phase, moved_to }) => phase === 'retired' && moved_to);
      expect(entry).toBeTruthy();
      expect(await tenant.told((told) => told)).not.toHaveProperty('purge');
      await timeGoesBy();
      expect(await removals()).toEqual([]);
      await isReopened(backTo(tenant.cell));
    });

    it('keeps its place at the old home as long as a failed move can be retried', async () => {
      const job = await onItsWay();
      await source();
      await tenant.report({}, target);
      const where = { tenantId: tenant.id, tenantPlaneId: tenant.cell.id };
      scene.plane.clock.advance(WEEK_SECONDS + 60);
      expect(await scene.looksAgain(job)).toMatchObject({ status: 'failed' });
      await timeGoesBy();
      expect(await removals()).toEqual([]);
      expect(await scene.plane.rows(Placement, where)).toMatchObject([{ phase: 'importing' }]);
    });

    it('loses its old copy once the import has begun', async () => {
      const job = await onItsWay();
      const transfer = await source();
      await sendPart(
        target,
        transfer.id,
        await sealedPart(transfer, { incidents: { rows: 3, checksum: 'c' } }),
      );
      expect((await takePart(tenant.cell, transfer.id, nextRun())).status).toBe(200);
      await isCancelled(job);
      await tenant.told(({ purge }) => purge?.job_id === job);
      await tenant.installAnew({}, target);
      expect(refusal(await move(backTo(tenant.cell)))).toEqual([409, 'copy_lost']);
    });
  });

  describe('when moved from a dedicated plane', () => {
    const stuck = new StepFailure('operator', 'stuck', 'It is stuck.', 'Try again.');
    let local: LocalDriver;
    beforeEach(async () => {
      const { region } = tenant;
      const { tenantId, slug, simulator } = await driven.provision('0.1.0', { region });
      tenant = Traveller.at(scene, region, simulator, tenantId, slug);
      local = scene.plane.app.get(LocalDriver);
      await moves();
      await tenant.report({}, target);
    });
    const isBegun = async (status: string): Promise<string | undefined> => {
      await timeGoesBy();
      const [removal] = await removals();
      await scene.reaches(removal?.id ?? '', status);
      return (await scene.job(removal?.id ?? '')).error?.code;
    };
    const lose = async () => void (await tenant.installAnew({}, target));

    it('keeps the dedicated plane if its new home loses the rows right before the removal', async () => {
      const removed = jest.fn();
      jest.spyOn(local, 'destroy').mockImplementation(async (_, write) => {
        await lose();
        await write(async () => undefined);
        removed();
      });
      expect(await isBegun('cancelled')).toBe('copy_lost');
      expect(removed).not.toHaveBeenCalled();
      await isReopened({ deployment_model: 'dedicated' });
    });

    it('can return to the dedicated plane as long as that plane is complete', async () => {
      jest.spyOn(local, 'destroy').mockRejectedValue(stuck);
      expect(await isBegun('failed')).toBe('stuck');
      await lose();
      await isReopened({ deployment_model: 'dedicated' });
    });

    it('cannot return to the dedicated plane once parts of that plane may have been removed', async () => {
      jest.spyOn(local, 'destroy').mockImplementation(async (_, write) => {
        await write(async () => undefined);
        throw stuck;
      });
      expect(await isBegun('failed')).toBe('stuck');
      await lose();
      const refused = await move({ deployment_model: 'dedicated' });
      expect(refusal(refused)).toEqual([409, 'copy_lost']);
      expect(refused.body.detail).toContain('no other tenant plane');
    });

    it('no longer requires its rows at the new home once the dedicated plane is removed', async () => {
      expect(await isBegun('succeeded')).toBeUndefined();
      const { tenants } = await target.pullAll();
      expect(tenants.find(({ tenant_id: id }) => id === tenant.id)).not.toHaveProperty('requires_copy');
    });
  });

  describe('when moved to a plane that the customer installs', () => {
    const customers = async (): Promise<PlaneSimulator> => {
      const { body } = await move({ deployment_model: 'on_prem' }).expect(202);
      const coming = { tenantId: tenant.id, phase: 'importing' } as const;
      const [place] = await scene.plane.rows(Placement, coming);
      const { url, clock } = scene.plane;
      const plane = new PlaneSimulator(url, clock, place?.tenantPlaneId ?? '', body.install);
      expect((await plane.enrol({ deployment_model: 'on_prem' })).status).toBe(200);
      const { last } = await tenant.almostMoved(plane, body.job.id);
      await last();
      await scene.reaches(body.job.id, 'succeeded');
      return plane;
    };

    it("keeps its old copy if deprovisioned after the customer's plane has lost the rows", async () => {
      const plane = await customers();
      await tenant.isHome(plane);
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, plane);
      await isLeftAtTheOldHome(await tenant.deprovision());
    });

    it('is removed with accept_data_loss if both planes lost the rows, but stays restorable', async () => {
      const plane = await customers();
      await tenant.isHome(plane);
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, plane);
      const before = await tenant.installAnew();
      const given = { confirm_slug: tenant.slug, accept_data_loss: true };
      const job = await tenant.asked('deprovision', given);
      await tenant.told(({ purge }) => purge?.job_id === job, before);
      await tenant.report({}, before);
      await scene.reaches(job, 'succeeded');
      // The customer keeps the plane and may restore its database.
      const { restorable_until } = await scene.tenant(tenant.id);
      expect(Date.parse(String(restorable_until))).toBeGreaterThan(scene.plane.clock.now().getTime());
    });

    it('keeps its old copy if a dedicated old home recovers it before that home is removed', async () => {
      const { region } = tenant;
      const { tenantId, slug, simulator } = await driven.provision('0.1.0', { region });
      tenant = Traveller.at(scene, region, simulator, tenantId, slug);
      const plane = await customers();
      await tenant.isHome(plane);
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, plane);
      const { instanceId: instance_id } = simulator;
      await tenant.installAnew();
      const local = scene.plane.app.get(LocalDriver);
      jest.spyOn(local, 'destroy').mockImplementationOnce(async (_, write) => {
        await tenant.installAnew({ instance_id });
        await write(async () => undefined);
      });
      const given = { confirm_slug: tenant.slug, accept_data_loss: true };
      const job = await tenant.asked('deprovision', given);
      await scene.reaches(job, 'waiting');
      while ((await scene.looksAgain(job)).status !== 'failed');
      expect((await scene.job(job)).error).toMatchObject({ code: 'copy_lost' });
      await scene.act(job, 'rollback').expect(202);
      await scene.reaches(job, 'cancelled');
      await isReopened({ deployment_model: 'dedicated' });
    });

    it('keeps its old copy if the old home recovers it while an older copy is being removed', async () => {
      const older = tenant.cell;
      const own = await movesToItsOwn();
      tenant.cell = own;
      await tenant.report();
      const plane = await customers();
      await tenant.isHome(plane);
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, plane);
      await tenant.installAnew();
      const given = { confirm_slug: tenant.slug, accept_data_loss: true };
      const job = await tenant.asked('deprovision', given);
      await tenant.told(({ purge }) => purge?.job_id === job, older);
      await tenant.installAnew({ instance_id: own.instanceId });
      await tenant.report({}, older);
      await scene.reaches(job, 'failed');
      expect((await scene.job(job)).error).toMatchObject({ code: 'copy_lost' });
      await scene.act(job, 'rollback').expect(202);
      await scene.reaches(job, 'cancelled');
      await isReopened({ deployment_model: 'dedicated' });
    });

    it("keeps the customer's plane if its next home loses the rows before the plane is retired", async () => {
      const plane = await customers();
      await tenant.isHome(plane);
      await tenant.report({}, plane);
      await isRemoved(tenant.cell);
      tenant.cell = plane;
      await moves();
      await tenant.report({}, target);
      const lost = scene.before('end-trust', async () => void (await tenant.installAnew({}, target)));
      await timeGoesBy();
      await lost;
      const removal = (await removals()).at(-1);
      await scene.reaches(removal?.id ?? '', 'cancelled');
      expect((await scene.job(removal?.id ?? '')).error).toMatchObject({ code: 'copy_lost' });
      await isReopened({ deployment_model: 'on_prem' }, plane);
    });

    it("can return to the customer's plane if the next home loses the rows", async () => {
      const plane = await customers();
      await tenant.isHome(plane);
      await tenant.report({}, plane);
      tenant.cell = plane;
      await moves();
      await tenant.installAnew({}, target);
      await isReopened({ deployment_model: 'on_prem' }, plane);
      expect(await scene.tenant(tenant.id)).toMatchObject({ deployment_model: 'on_prem' });
    });
  });
});
