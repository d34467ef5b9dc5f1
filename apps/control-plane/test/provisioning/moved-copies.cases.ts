import { StepFailure } from '@atlas/jobs';
import { OFFLINE_AFTER_SECONDS } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
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

describe.each(EVERY_DATABASE)('the copy that a move makes, on %s', (driver) => {
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

  /** Completes the move, and returns the transfer that the target requires. */
  const moves = async (to = target): Promise<string | undefined> => {
    const { job, last } = await tenant.almostMoved(to);
    await last();
    await scene.reaches(job, 'succeeded');
    return (await tenant.isHome(to)).requires_copy;
  };
  /** Expects the job to remove nothing and be rolled back, and the old home to serve the tenant again. */
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
  /** The old home pulls the order to remove its rows, and reports that it did. */
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
  const isReopened = async (body: object, cell = tenant.cell): Promise<void> => {
    const planned = await move(body, '?dry_run=true').expect(200);
    const steps = [{ name: 'reopen-copy' }, { name: 'await-report' }];
    expect(planned.body.plan).toMatchObject({ steps, install_required: false });
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

  it('is required of the new home until the old one has removed its own', async () => {
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

  it('stays lost once the new home has said so, even if that fails and retries later', async () => {
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

  it('is nowhere when a home that nothing was moved to reports that it lacks the rows', async () => {
    await tenant.report({ state: 'failed', code: 'copy_missing', error: 'They were removed.' });
    const { body } = await move(backTo(target), '?dry_run=true').expect(409);
    expect(body).toMatchObject({ code: 'copy_lost', detail: expect.stringContaining('accept_data_loss') });
    const givesUp = { confirm_slug: tenant.slug, accept_data_loss: true };
    await scene.plane.post(path('deprovision?dry_run=true'), givesUp).expect(200);
  });

  it('is still there when the new home enrols with another key and the same database', async () => {
    await moves();
    const { instanceId: instance_id } = target;
    const anew = await tenant.installAnew({ instance_id }, target);
    await tenant.isHome(anew);
    await tenant.report({}, anew);
    await isRemoved(tenant.cell);
  });

  const LOST: readonly (readonly [string, () => Promise<PlaneSimulator>])[] = [
    [
      'is reinstalled before it reports, then reports that it serves the tenant',
      async () => {
        const anew = await tenant.installAnew({}, target);
        await tenant.isHome(anew);
        await tenant.report({}, anew);
        return anew;
      },
    ],
    [
      'is reinstalled after it reports, then reports that it serves the tenant',
      async () => {
        await tenant.report({}, target);
        const anew = await tenant.installAnew({}, target);
        await tenant.isHome(anew);
        await tenant.report({}, anew);
        return anew;
      },
    ],
    [
      'reports that its database lacks the copy',
      async () => {
        await tenant.report({}, target);
        await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, target);
        return target;
      },
    ],
  ];
  describe.each(LOST)('when the new home %s', (_, lose) => {
    it('is kept at the old home, which can serve it again', async () => {
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

  describe('when the old home serves it again', () => {
    const reopens = async (): Promise<string> => {
      await moves();
      await tenant.installAnew({}, target);
      const job = await tenant.asked('move', backTo(tenant.cell));
      await tenant.told(({ reopened }) => reopened?.job_id === job);
      await scene.reaches(job, 'waiting');
      return job;
    };

    it('records in the job and the audit trail what the reopened copy lacks', async () => {
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

    it('revokes earlier sign-up links', async () => {
      const { body } = await scene.plane.post(path('signup-link'), {}).expect(201);
      const { jti } = decodeJwt(body.token);
      await reopens();
      const { signup_links: links } = await tenant.told((entry) => entry);
      expect(links).toMatchObject({ revoked: expect.arrayContaining([jti]), carried: [] });
    });

    it('fails its job while the old home cannot serve it; a later retry succeeds', async () => {
      const job = await reopens();
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' });
      while ((await scene.looksAgain(job)).status !== 'failed');
      expect((await scene.job(job)).error).toMatchObject({ detail: expect.stringContaining('not here') });
      await tenant.report();
      await scene.act(job, 'retry').expect(202);
      await scene.reaches(job, 'succeeded');
    });

    it('counts as lost if the old home is reinstalled before it reports that it serves', async () => {
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

    it('is no longer required once the old home has reported that it serves', async () => {
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

    it('stays there: its job cannot be cancelled', async () => {
      const job = await reopens();
      expect(refusal(await scene.act(job, 'cancel'))).toEqual([409, 'beyond_return']);
      await tenant.isHome();
      await tenant.report();
      await scene.reaches(job, 'succeeded');
    });

    it('is no longer a reopened copy once the tenant has moved away and back', async () => {
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

  it.each(['release-copy', 'purge-copy'])('is not removed when it is lost before %s', async (step) => {
    await moves();
    await tenant.report({}, target);
    const lost = scene.before(step, async () => void (await tenant.installAnew({}, target)));
    await timeGoesBy();
    await lost;
    const [removal] = await removals();
    await scene.reaches(removal?.id ?? '', 'cancelled');
    expect((await scene.job(removal?.id ?? '')).error).toMatchObject({ code: 'copy_lost' });
    await isReopened(backTo(tenant.cell));
  });

  it('is not removed while the new home is offline', async () => {
    await moves();
    await tenant.report({}, target);
    scene.plane.clock.advance(OFFLINE_AFTER_SECONDS + 1);
    await timeGoesBy();
    expect(await removals()).toEqual([]);
    await target.report();
    await isRemoved(tenant.cell);
  });

  it('is not removed by a restored Control Plane before the new home reports that it serves', async () => {
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

  it('is not removed when the new home goes offline after its removal was accepted', async () => {
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

  describe('when its removal is interrupted after the old home was told to remove it', () => {
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
      ['by an operator, and the tenant has been suspended since', cancelledAndSuspended],
      ['by a deprovisioning that is rolled back', deprovisionedAndRolledBack],
    ])('%s, is required until another removal has found it gone', async (_, breaks) => {
      const first = await isBegun();
      await breaks(first);
      // The first removal has ended, so it does not see this report.
      await tenant.report();
      expect(await entry()).toHaveProperty('requires_copy');
      await isRemoved(tenant.cell);
      expect(await removals()).toHaveLength(2);
      expect(await entry()).not.toHaveProperty('requires_copy');
      await sweep();
      expect(await removals()).toHaveLength(2);
    });

    it('is not removed again before the new home is online', async () => {
      await cancelledAndSuspended(await isBegun());
      scene.plane.clock.advance(OFFLINE_AFTER_SECONDS + 1);
      await sweep();
      expect(await removals()).toHaveLength(1);
      await target.report();
      await isRemoved(tenant.cell);
    });
  });

  it('is required of the new home even if lost while the old home removes its own', async () => {
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

  it('has its loss reported as a drift', async () => {
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

  it('is checked again once its plane has applied everything with its database restored', async () => {
    await moves();
    await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, target);
    await target.report();
    const { entry_revision: before } = await tenant.isHome(target);
    await scene.plane.app.get(Reconciler).look();
    await tenant.told(({ entry_revision: now }) => now > before, target);
    await tenant.report({}, target);
    await isRemoved(tenant.cell);
  });

  it('stays at the old home once lost: a deprovisioning fails and can be rolled back', async () => {
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

  it('may be gone from the old home when a deprovisioning is rolled back in time', async () => {
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

  it('keeps its backup when a rollback finds the home offline', async () => {
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

  it('is lost for good when the old home was reinstalled, too', async () => {
    await moves();
    await tenant.installAnew({}, target);
    await tenant.installAnew();
    const refused = await move(backTo(tenant.cell));
    expect(refusal(refused)).toEqual([409, 'copy_lost']);
    expect(refused.body.detail).toContain('no other tenant plane');
    await timeGoesBy();
    expect(await removals()).toEqual([]);
  });

  it('is not kept by an old home that was reinstalled right before the cut-over', async () => {
    const { job, last } = await tenant.almostMoved(target);
    const anew = scene.before('cut-over', async () => void (await tenant.installAnew()));
    await last();
    await anew;
    await scene.reaches(job, 'succeeded');
    await tenant.isHome(target);
    await tenant.installAnew({}, target);
    expect(refusal(await move(backTo(tenant.cell)))).toEqual([409, 'copy_lost']);
  });

  describe('when the tenant is removed with accept_data_loss', () => {
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

    it('is given up once both homes have lost it, and the tenant is purged next', async () => {
      await moves();
      const [now, before] = [await tenant.installAnew({}, target), await tenant.installAnew()];
      expect((await move(backTo(before))).body.detail).toContain('"accept_data_loss": true');
      await remove('?dry_run=true').expect(200);
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

    it('is kept while it is not lost', async () => {
      await moves();
      await isRefused('copy_not_lost', /Leave accept_data_loss out/);
    });

    it('is kept while the old home has it', async () => {
      await moves();
      await tenant.installAnew({}, target);
      await isRefused('copy_kept', /move the tenant back/);
    });

    it('is kept while the old home has it, and a move back there is unfinished', async () => {
      await moves();
      await tenant.asked('move', backTo(tenant.cell));
      await tenant.told(({ transfer }) => transfer?.role === 'target');
      await tenant.installAnew({}, target);
      await isRefused('copy_kept', /an unfinished move back holds a place there/);
    });

    it('is kept while the old home has it, and must enrol again', async () => {
      await moves();
      await tenant.installAnew({}, target);
      await scene.plane.change(TenantPlane, { id: tenant.cell.id }, { status: 'expected' });
      await isRefused('copy_kept', /must re-enrol/);
    });

    it('is kept when the old home turns out to have it after all', async () => {
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

    /** Runs `happens` between the check of the backup and the transaction that removes. */
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

    it('is kept when the old home has it again right before the removal', async () => {
      await moves();
      const { instanceId: instance_id } = tenant.cell;
      for (const plane of [target, tenant.cell]) await tenant.installAnew({}, plane);
      afterTheLook(() => tenant.installAnew({ instance_id }));
      await isLeftAtTheOldHome(await given());
    });

    it('is backed up when the home has it again right before the removal', async () => {
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

    describe('at a dedicated home', () => {
      let before: PlaneSimulator;
      beforeEach(async () => {
        target = await movesToItsOwn();
        await loses();
        before = await tenant.installAnew();
        tenant.cell = target;
      });
      /** The home has its rows again while the job waits for the old one. */
      const comesBack = async (): Promise<string> => {
        const job = await given();
        await scene.reaches(job, 'waiting');
        await tenant.report();
        await isRemovedFrom(before, job);
        await tenant.told(({ transfer }) => transfer?.role === 'backup');
        return job;
      };
      const local = () => scene.plane.app.get(LocalDriver);

      it('is backed up when the home has it again while the old home removes its own', async () => {
        const job = await comesBack();
        await tenant.backUp();
        await isBackedUp(job);
      });

      it('stays at the home when the job is rolled back before that backup is made', async () => {
        const job = await comesBack();
        await scene.act(job, 'cancel').expect(202);
        await scene.act(job, 'rollback').expect(202);
        await scene.reaches(job, 'cancelled');
        expect(await tenant.isHome()).not.toHaveProperty('transfer');
      });

      it('is given up after all when the home loses it again before that backup is made', async () => {
        const job = await comesBack();
        await loses();
        await scene.reaches(job, 'succeeded');
        expect(await restorableFor()).toBe(0);
        expect(await scene.plane.count(Transfer, { tenantId: tenant.id, endedAt: IsNull() })).toBe(0);
      });

      it('is backed up when the home has it again right before that plane is removed', async () => {
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

      it('stays given up once parts of that plane may be removed', async () => {
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

    describe('at an old home that serves it again and loses it', () => {
      /** Reopens it at `home`; the plane to which the tenant had moved is empty. */
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

      it('stays given up once that plane was told to remove it', async () => {
        await reopensAt(tenant.cell, backTo(tenant.cell));
        const job = await given();
        await tenant.told(({ purge }) => purge?.job_id === job);
        await tenant.report({ state: 'retrying', error: 'It is busy.' });
        await isRemovedFrom(target, job);
        await isRemovedFrom(tenant.cell, job);
        await isGivenUp(job);
      });

      it('stays given up once parts of a dedicated plane may be removed', async () => {
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

    it('accepts only true or false', async () => {
      expect(refusal(await remove('', { accept_data_loss: 'yes' }))).toEqual([400, 'validation_failed']);
    });
  });

  it('is that of the last of several moves', async () => {
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

  describe('at the old home, while the tenant moves back there', () => {
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

    it('redirects users to the home, even while an import replaces its rows', async () => {
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

    it('is still there when the move is undone before the first part was sent', async () => {
      const job = await onItsWay();
      const transfer = await source();
      // The old home already asks for the part.
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

    it('is removed by no chore while its job can be retried', async () => {
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

    it('is gone once the import has begun', async () => {
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

  describe('from a dedicated plane', () => {
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

    it('is kept there when it is lost right before that plane is removed', async () => {
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

    it('is kept there while nothing of that plane is removed', async () => {
      jest.spyOn(local, 'destroy').mockRejectedValue(stuck);
      expect(await isBegun('failed')).toBe('stuck');
      await lose();
      await isReopened({ deployment_model: 'dedicated' });
    });

    it('is not served there again once parts of that plane may be removed', async () => {
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

    it('is no longer required of the new home once that plane is removed', async () => {
      expect(await isBegun('succeeded')).toBeUndefined();
      const { tenants } = await target.pullAll();
      expect(tenants.find(({ tenant_id: id }) => id === tenant.id)).not.toHaveProperty('requires_copy');
    });
  });

  describe('to a plane that the customer installs', () => {
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

    it('is left at the old home by a deprovisioning once it is lost', async () => {
      const plane = await customers();
      await tenant.isHome(plane);
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, plane);
      await isLeftAtTheOldHome(await tenant.deprovision());
    });

    it('is given up with accept_data_loss once both have lost it; the customer keeps the plane', async () => {
      const plane = await customers();
      await tenant.isHome(plane);
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }, plane);
      const before = await tenant.installAnew();
      const given = { confirm_slug: tenant.slug, accept_data_loss: true };
      const job = await tenant.asked('deprovision', given);
      await tenant.told(({ purge }) => purge?.job_id === job, before);
      await tenant.report({}, before);
      await scene.reaches(job, 'succeeded');
      // The customer may bring the database back.
      const { restorable_until } = await scene.tenant(tenant.id);
      expect(Date.parse(String(restorable_until))).toBeGreaterThan(scene.plane.clock.now().getTime());
    });

    it('is kept when the old home has it again right before that plane is removed', async () => {
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

    it('is kept when the old home has it again after an older home removed its own', async () => {
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

    it('is kept there when it is lost right before that plane is given up', async () => {
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

    it('is served there again when the next plane of the tenant loses it', async () => {
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
