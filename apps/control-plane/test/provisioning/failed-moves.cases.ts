import { StepFailure, done } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { OFFLINE_AFTER_SECONDS, type ReportedState } from '@atlas/plane-contract';
import { databasesOfLongSuite, eventually } from '@atlas/testing';
import { In, IsNull } from 'typeorm';
import { SingleTenantPlanes } from '../../src/enrolment/single-tenant-planes';
import { Infrastructures } from '../../src/infrastructure/infrastructures';
import { AwaitImportStep } from '../../src/operations/move/await-import.step';
import { CutOverStep } from '../../src/operations/move/cut-over.step';
import { FreezeStep } from '../../src/operations/move/freeze.step';
import { OpenTransferStep } from '../../src/operations/move/open-transfer.step';
import { RegisterTenantPlaneStep } from '../../src/operations/provision/register-tenant-plane.step';
import { OldCopies } from '../../src/operations/remove-copy/old-copies';
import { MAX_FREEZE_MS } from '../../src/provisioning-jobs/operation-rules';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../../src/provisioning-jobs/provisioning-jobs';
import { Placement } from '../../src/registry/placement.entity';
import { reservedPlacement } from '../../src/registry/placements';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { Transfer } from '../../src/registry/transfer.entity';
import { JOBS, JobScene } from '../job-scene.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const BROKEN = new StepFailure('operator', 'broken', 'It broke.', 'Operator: fix it.');

describe.each(databasesOfLongSuite('postgres'))('a tenant whose move has failed, on %s', (driver) => {
  let scene: JobScene;
  let [target, other]: PlaneSimulator[] = [];
  let id: string;
  beforeAll(async () => {
    scene = await JobScene.set(driver);
    target = await scene.plane.enrolledCell();
    other = await scene.plane.enrolledCell();
  });
  afterAll(() => scene.plane.close());
  beforeEach(async () => (id = await active(scene.cell)));
  afterEach(() => jest.restoreAllMocks());

  const cellId = (cell = target): string => cell?.id ?? '';
  /** Provisions a tenant in the given cell. */
  const active = async (cell: PlaneSimulator): Promise<string> => {
    const others = { id: In([scene.cell.id, cellId(), cellId(other)].filter((one) => one !== cell.id)) };
    await scene.plane.change(TenantPlane, others, { acceptsTenants: false });
    const { body } = await scene.plane.provision().expect(202);
    await cell.serve(body.tenant.id);
    await scene.reaches(body.job.id, 'succeeded');
    await scene.plane.change(TenantPlane, others, { acceptsTenants: true });
    return body.tenant.id;
  };
  const move = (body: object, query = '') => scene.plane.post(`/api/tenants/${id}/move${query}`, body);
  const to = (cell = target) => ({ deployment_model: 'shared', tenant_plane_id: cellId(cell) });
  const failed = async (): Promise<string> => {
    jest.spyOn(scene.plane.app.get(OpenTransferStep), 'run').mockRejectedValueOnce(BROKEN);
    const { body } = await move(to()).expect(202);
    await scene.reaches(body.job.id, 'failed');
    return body.job.id;
  };
  const planeNow = async (planeId = cellId()) =>
    (await scene.plane.rows(TenantPlane, { id: planeId }))[0] as TenantPlane;
  const placesOn = (tenantPlaneId = cellId()) =>
    scene.plane.count(Placement, { tenantId: id, tenantPlaneId, holdsPlace: true });
  const rolledBack = async (job: string): Promise<void> => {
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
  };

  it('cannot be moved anywhere until the failed move is rolled back', async () => {
    await active(target as PlaneSimulator);
    const before = await planeNow();
    const job = await failed();
    const wanted = [{ deployment_model: 'dedicated' }, { deployment_model: 'hybrid' }, to(), to(other)];
    for (const body of wanted)
      for (const query of ['', '?dry_run=true']) {
        const answer = await move(body, query);
        expect(refusal(answer)).toEqual([409, 'move_unfinished']);
        expect(answer.body.detail).toContain(`(POST ${JOBS}/${job}/rollback)`);
      }
    await rolledBack(job);
    expect(await placesOn()).toBe(0);
    expect(await planeNow()).toMatchObject({ status: 'enrolled', placed: before.placed });
    expect((await move({ deployment_model: 'hybrid' })).status).toBe(202);
  });

  const SINCE: readonly (readonly [string, () => Promise<string>])[] = [
    [
      'suspension',
      async () => (await scene.plane.post(`/api/tenants/${id}/suspend`).expect(202)).body.job.id,
    ],
    [
      'removal of an old copy',
      async () => {
        const removeAfter = scene.plane.clock.now();
        const place = { tenantId: id, tenantPlaneId: cellId(other), createdAt: removeAfter };
        const copy = { phase: 'retired', holdsPlace: false, removeAfter } as const;
        await scene.plane.insert(Placement, { ...reservedPlacement(place, 'serving'), ...copy });
        await scene.plane.app.get(OldCopies).sweep();
        const { body } = await scene.plane.get(`${JOBS}?tenant_id=${id}&limit=1`).expect(200);
        expect(body.items).toMatchObject([{ operation: 'remove_copy' }]);
        return body.items[0].id;
      },
    ],
  ];
  it.each(SINCE)('can still be moved by a retry once a newer %s is cancelled', async (_, since) => {
    const job = await failed();
    const newer = await since();
    expect(refusal(await scene.act(job, 'rollback'))).toEqual([409, 'operation_in_progress']);
    await scene.act(newer, 'cancel').expect(202);
    await scene.act(job, 'retry').expect(202);
    await scene.reaches(job, 'waiting');
    await scene.act(job, 'cancel').expect(202);
    await scene.reaches(job, 'cancelled');
    expect(await placesOn()).toBe(0);
    // The place reserved for the move has been released, so the move can no longer be retried.
    expect(refusal(await scene.act(job, 'retry'))).toEqual([409, 'invalid_transition']);
    expect((await move(to(other))).status).toBe(202);
  });

  /** Starts a move, which fails for lack of a provisioning token, and then starts a suspension. */
  const suspendedWithoutToken = async () => {
    const { body } = await move({ deployment_model: 'on_prem' }).expect(202);
    await scene.reaches(body.job.id, 'waiting');
    const tokens = `/api/tenants/${id}/provisioning-tokens`;
    await scene.plane.delete(`${tokens}/${body.install.token_id}`).expect(204);
    await scene.reaches(body.job.id, 'failed');
    const suspension = (await scene.plane.post(`/api/tenants/${id}/suspend`).expect(202)).body.job.id;
    return { job: body.job.id as string, tokens, suspension: suspension as string };
  };

  it('resumes its move with a new token after a suspension has been cancelled', async () => {
    const { job, tokens, suspension } = await suspendedWithoutToken();
    await scene.act(suspension, 'cancel').expect(202);
    await scene.plane.post(tokens, {}).expect(201);
    await scene.reaches(job, 'waiting');
    expect(await scene.job(suspension)).toMatchObject({ status: 'cancelled' });
  });

  it('gets no new token while another operation prevents its move from resuming', async () => {
    const { job, tokens, suspension } = await suspendedWithoutToken();
    expect(refusal(await scene.plane.post(tokens, {}))).toEqual([409, 'operation_in_progress']);
    await scene.act(suspension, 'cancel').expect(202);
    await scene.plane.post(tokens, {}).expect(201);
    await scene.reaches(job, 'waiting');
  });

  it('has no plane left from a new move that is cancelled before it begins', async () => {
    const claim = jest.spyOn(scene.plane.app.get(ProvisioningJobs), 'claim').mockResolvedValue(null);
    const { body } = await move({ deployment_model: 'on_prem' }).expect(202);
    const [coming] = await scene.plane.rows(Placement, { tenantId: id, phase: 'importing' });
    await scene.act(body.job.id, 'cancel').expect(202);
    claim.mockRestore();
    await scene.looksAgain(body.job.id);
    await scene.reaches(body.job.id, 'cancelled');
    expect(await planeNow(coming?.tenantPlaneId)).toMatchObject({ status: 'retired', placed: 0 });
    expect(await placesOn(coming?.tenantPlaneId)).toBe(0);
  });

  it('keeps a place that conflicts with its move, even when the move is rolled back', async () => {
    const register = jest.spyOn(scene.plane.app.get(RegisterTenantPlaneStep), 'run');
    register.mockRejectedValueOnce(BROKEN);
    const { body } = await move({ deployment_model: 'dedicated' }).expect(202);
    await scene.reaches(body.job.id, 'failed');
    const place = { tenantId: id, tenantPlaneId: cellId(), createdAt: scene.plane.clock.now() };
    await scene.plane.insert(Placement, reservedPlacement(place, 'importing'));
    const before = await planeNow();
    await scene.act(body.job.id, 'retry').expect(202);
    await eventually(async () => (await scene.job(body.job.id)).error?.code === 'place_taken');
    await rolledBack(body.job.id);
    expect(await planeNow()).toEqual(before);
    expect(await placesOn()).toBe(1);
  });

  describe('while writes are paused at its home', () => {
    /** Starts a move that reaches the steps during which writes are paused. */
    const frozenMove = async (): Promise<string> => {
      scene.copiesAtOnce(id);
      return (await move(to()).expect(202)).body.job.id;
    };
    /** Leaves writes paused after a failed move, as an earlier version could. `other` has an old copy. */
    const frozen = async (): Promise<string> => {
      const at = scene.plane.clock.now();
      const place = { tenantId: id, tenantPlaneId: cellId(other), createdAt: at };
      const copy = { phase: 'retired', holdsPlace: false, removeAfter: at, entryRevision: 1 } as const;
      await scene.plane.insert(Placement, { ...reservedPlacement(place, 'serving'), ...copy });
      const job = await frozenMove();
      await pulled(scene.cell, { phase: 'frozen', status: 'active' });
      await scene.reaches(job, 'waiting');
      await scene.plane.change(ProvisioningJob, { id: job }, { status: 'failed' });
      return job;
    };
    const pulled = (cell: PlaneSimulator, what: Readonly<Record<'phase' | 'status', string>>) =>
      eventually(async () => {
        await cell.pull();
        const { phase, status } = cell.tenants.get(id) ?? {};
        return phase === what.phase && status === what.status;
      });
    const report = async (cell: PlaneSimulator, state: ReportedState): Promise<void> => {
      const entry_revision = cell.tenants.get(id)?.entry_revision ?? 0;
      expect((await cell.report([{ tenant_id: id, state, entry_revision }])).status).toBe(200);
    };
    const suspended = async (): Promise<string> => {
      const { body } = await scene.plane.post(`/api/tenants/${id}/suspend`).expect(202);
      await pulled(scene.cell, { status: 'suspended', phase: 'frozen' });
      await report(scene.cell, 'applied');
      await scene.reaches(body.job.id, 'waiting');
      return body.job.id;
    };

    it('is suspended on all of its planes once each of them has reported', async () => {
      const failedMove = await frozen();
      const job = await suspended();
      for (const [cell = scene.cell, phase] of [
        [target, 'importing'],
        [other, 'retired'],
      ] as const) {
        expect(await scene.looksAgain(job)).toMatchObject({ status: 'waiting' });
        await pulled(cell, { status: 'suspended', phase });
        // Any report about this entry counts, even if the import or removal failed.
        await report(cell, 'failed');
      }
      await scene.reaches(job, 'succeeded');
      expect(await scene.tenant(id)).toMatchObject({ status: 'suspended' });
      await rolledBack(failedMove);
      await pulled(scene.cell, { status: 'suspended', phase: 'serving' });
    });

    it('is suspended without waiting for offline planes other than its home', async () => {
      await frozen();
      const job = await suspended();
      expect(await scene.looksAgain(job)).toMatchObject({ status: 'waiting' });
      scene.plane.clock.advance(OFFLINE_AFTER_SECONDS + 1);
      expect(await scene.looksAgain(job)).toMatchObject({ status: 'succeeded' });
    });

    it('is copied again when a half-undone move is retried, as users may have made changes', async () => {
      const job = await frozen();
      const transfers = () => scene.plane.rows(Transfer, { tenantId: id, endedAt: IsNull() });
      const [{ id: before } = { id: '' }] = await transfers();
      const whole = { attempt: 'only', parts: 2, lastKind: 'last', imported: 2 } as const;
      await scene.plane.change(Transfer, { id: before }, whole);
      jest.spyOn(scene.plane.app.get(OpenTransferStep), 'undo').mockRejectedValueOnce(BROKEN);
      await scene.act(job, 'rollback').expect(202);
      await scene.reaches(job, 'failed');
      await pulled(scene.cell, { phase: 'serving', status: 'active' });
      await scene.act(job, 'retry').expect(202);
      await scene.reaches(job, 'waiting');
      const { steps } = await scene.looksAgain(job);
      expect(steps.find(({ status }) => status !== 'done')).toMatchObject({ name: 'await-copy' });
      const [now] = await transfers();
      expect(now).toMatchObject({ attempt: null, parts: 0, imported: 0, frozenAt: null });
      for (const cell of [scene.cell, target as PlaneSimulator])
        await eventually(async () => {
          await cell.pull();
          return cell.tenants.get(id)?.transfer?.id === now?.id && now?.id !== before;
        });
    });

    it('has the status deprovisioning on all of its planes once its deprovisioning begins', async () => {
      await frozen();
      const { slug } = await scene.tenant(id);
      await scene.plane.post(`/api/tenants/${id}/deprovision`, { confirm_slug: slug }).expect(202);
      await pulled(scene.cell, { phase: 'serving', status: 'deprovisioning' });
      await pulled(target as PlaneSimulator, { phase: 'importing', status: 'deprovisioning' });
      await pulled(other as PlaneSimulator, { phase: 'retired', status: 'deprovisioning' });
    });

    /** Runs the job every 5 s until it is cancelled. */
    const looksUntilCancelled = (job: string) =>
      eventually(async () => {
        scene.plane.clock.advance(5);
        return (await scene.looksAgain(job)).status === 'cancelled';
      });

    describe.each([
      ['await-import', AwaitImportStep],
      ['cut-over', CutOverStep],
    ] as const)('with the failing step %s', (_, step) => {
      it.each([
        ['repeated failures', new Error('The sealing key is not known.'), 'unexpected_error'],
        ['a failure that needs an operator', BROKEN, 'broken'],
      ])('accepts writes again in time after %s, and its job shows the cause', async (_how, error, code) => {
        jest.spyOn(scene.plane.app.get(AwaitImportStep), 'run').mockResolvedValue(done());
        jest.spyOn(scene.plane.app.get(step), 'run').mockRejectedValue(error);
        const since = scene.plane.clock.now().getTime();
        const job = await frozenMove();
        await looksUntilCancelled(job);
        await pulled(scene.cell, { phase: 'serving', status: 'active' });
        expect(scene.plane.clock.now().getTime() - since).toBeLessThanOrEqual(MAX_FREEZE_MS + 10_000);
        const ended = await scene.job(job);
        expect(ended.error).toMatchObject({ code, class: 'fatal' });
        expect(ended.error?.fix).not.toContain('retries automatically');
        expect(ended.steps.filter(({ status }) => !['undone', 'skipped'].includes(status))).toEqual([]);
        expect(await placesOn()).toBe(0);
      });
    });

    it('accepts writes again, however often the rollback fails', async () => {
      const failures = [BROKEN, ...Array.from({ length: 10 }, () => new Error('It failed.'))];
      const undo = jest.spyOn(scene.plane.app.get(FreezeStep), 'undo');
      for (const failure of failures) undo.mockRejectedValueOnce(failure);
      const job = await frozenMove();
      await pulled(scene.cell, { phase: 'frozen', status: 'active' });
      await scene.act(job, 'cancel').expect(202);
      await looksUntilCancelled(job);
      await pulled(scene.cell, { phase: 'serving', status: 'active' });
      expect(undo).toHaveBeenCalledTimes(failures.length + 1);
    });
  });

  describe('the removal of its new plane', () => {
    const write = <T>(work: Parameters<Database['write']>[0]) =>
      scene.plane.app.get(Database).write(work) as Promise<T>;
    const tenant = async () => (await scene.plane.rows(Tenant, { id }))[0] as Tenant;
    const notOwn = { code: 'plane_not_own', failureClass: 'operator' };

    it('is refused if the plane is a cell or belongs to another tenant', async () => {
      const { body } = await scene.plane.provision({ deployment_model: 'on_prem' }).expect(202);
      for (const planeId of [cellId(), body.tenant.tenant_plane_id as string]) {
        const before = await planeNow(planeId);
        const planes = scene.plane.app.get(SingleTenantPlanes);
        await expect(write((manager) => planes.retire(manager, id, before))).rejects.toMatchObject(notOwn);
        const removed = scene.plane.app.get(Infrastructures).destroyPlane(await tenant(), before, write);
        await expect(removed).rejects.toMatchObject(notOwn);
        expect(await planeNow(planeId)).toEqual(before);
      }
    });
  });
});
