import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { StepFailure, done } from '@atlas/jobs';
import { type DesiredTransfer } from '@atlas/plane-contract';
import { databasesOfLongSuite, eventually } from '@atlas/testing';
import { decodeJwt } from 'jose';
import { type EntityManager, IsNull } from 'typeorm';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { JobControl } from '../../src/lifecycle/job-control';
import { AwaitCopyStep } from '../../src/operations/move/await-copy.step';
import { AwaitImportStep } from '../../src/operations/move/await-import.step';
import { OpenTransferStep } from '../../src/operations/move/open-transfer.step';
import { ReservePlaceStep } from '../../src/operations/provision/reserve-place.step';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../../src/provisioning-jobs/provisioning-jobs';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Transfer } from '../../src/registry/transfer.entity';
import { sayImported, sealedPart, sendPart, takePart } from '../backup-part.fixture';
import { HeldRow } from '../held-operator.fixture';
import { JobScene } from '../job-scene.fixture';
import { PlaneSimulator, type ReportedTenant, bodyOf, refusal } from '../plane-simulator.fixture';
import { Traveller } from '../travel-scene.fixture';

interface LooksAtJob {
  requireJob(manager: EntityManager, id: string): Promise<ProvisioningJob>;
}
interface JobView {
  readonly id: string;
  readonly tenant_id: string;
  readonly status: string;
  readonly error: { readonly code: string; readonly detail: string } | null;
}

describe.each(databasesOfLongSuite('postgres'))('a cell to be drained on %s', (driver) => {
  let scene: JobScene;
  let region = 'region-0';
  let here: PlaneSimulator;
  let other: PlaneSimulator;
  beforeAll(async () => (scene = await JobScene.set(driver)));
  afterEach(async () => {
    jest.restoreAllMocks();
    // A drain that is still running would meet what the next test does before a step.
    await scene.plane.settle();
  });
  afterAll(() => scene.plane.close());
  beforeEach(async () => {
    region = `region-${Number(region.split('-')[1]) + 1}`;
    here = await scene.plane.enrolledCell({ region });
    other = await scene.plane.enrolledCell({ region });
  });

  const call = (action: string, cell = here, query = '') =>
    scene.plane.post(`/api/tenant-planes/${cell.id}/${action}${query}`);
  const cellNow = async ({ id }: PlaneSimulator) => {
    const { items } = bodyOf<{ items: { id: string; accepts_tenants: boolean }[] }>(
      await scene.plane.get('/api/tenant-planes'),
    );
    return items.find((plane) => plane.id === id);
  };
  const movesOf = async (job: string): Promise<JobView[]> =>
    (await scene.plane.get(`/api/provisioning-jobs?parent_id=${job}`).expect(200)).body.items;
  const waitsFor = async (job: string): Promise<string | undefined> => {
    const { steps } = (await scene.job(job)) as unknown as { steps: { waiting_for?: string }[] };
    return steps[1]?.waiting_for;
  };
  /** Provisions tenants in the cell while the other cell is closed. */
  const inhabited = async (count: number): Promise<string[]> => {
    await closed(other);
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const { body } = await scene.plane.provision({ region }).expect(202);
      await here.serve(body.tenant.id);
      await scene.reaches(body.job.id, 'succeeded');
      ids.push(body.tenant.id);
    }
    await call('reopen', other).expect(200);
    return ids;
  };
  const closed = async (cell: PlaneSimulator): Promise<void> =>
    scene.reaches((await call('drain', cell).expect(202)).body.job.id, 'succeeded');
  const drain = async (): Promise<string> => (await call('drain').expect(202)).body.job.id;

  it('gets no new tenants, and its tenants move out a few at a time', async () => {
    const ids = await inhabited(6);
    const job = await drain();
    const moves = await eventually(async () => {
      const begun = await movesOf(job);
      return begun.length === 4 && begun;
    });
    expect(ids).toEqual(expect.arrayContaining(moves.map(({ tenant_id: id }) => id)));
    expect(await cellNow(here)).toMatchObject({ accepts_tenants: false });
    const { body } = await scene.plane.provision({ region }).expect(202);
    await other.serve(body.tenant.id);
    await scene.reaches(body.job.id, 'succeeded');
    expect(await scene.tenant(body.tenant.id)).toMatchObject({ tenant_plane_id: other.id });
    // The job may still be in the middle of a check.
    await eventually(async () => (await waitsFor(job)) === "the cell's tenants to move (0 of 6 have moved)", {
      what: 'the job waits',
    });
  });

  // SQLite decides and places in turn.
  if (driver === 'postgres')
    it.each([
      ['closed', { acceptsTenants: false }],
      ['full', { capacity: 0 }],
    ])('gets no tenant from a placement decided before the cell became %s', async (_, since) => {
      await closed(other);
      await using held = await HeldRow.hold(scene.plane, TenantPlane, here.id, since);
      const refused = scene.plane.provision({ region }).expect(503);
      const answer = refused.then(({ body }) => body);
      await held.untilWaiting(1);
      await held.release();
      expect(await answer).toMatchObject({ code: 'no_capacity' });
      expect(await scene.plane.count(Placement, { tenantPlaneId: here.id })).toBe(0);
    });

  it('moves no tenant to a cell with an older version', async () => {
    const [id = ''] = await inhabited(1);
    await scene.plane.change(TenantPlane, { id: other.id }, { version: '0.0.9' });
    const move = (query = '') =>
      scene.plane.post(`/api/tenants/${id}/move${query}`, {
        deployment_model: 'shared',
        tenant_plane_id: other.id,
      });
    for (const query of ['?dry_run=true', '']) {
      const { status, body } = await move(query);
      expect([status, body.code, body.detail]).toEqual([
        409,
        'target_plane_older',
        expect.stringMatching(/ runs 0\.0\.9, but .* runs 0\.1\.0.*Upgrade .* to 0\.1\.0 first/),
      ]);
    }
    const job = await drain();
    await eventually(async () => (await movesOf(job)).some(({ status }) => status === 'failed'));
    expect((await movesOf(job))[0]?.error).toMatchObject({
      code: 'no_capacity',
      detail: expect.stringMatching(/has room for another tenant and runs version 0\.1\.0 or newer\.$/),
    });
    expect(await scene.plane.count(Placement, { tenantPlaneId: other.id })).toBe(0);
  });

  it('sends no rows to a single-tenant plane that enrolled with an older version', async () => {
    const [id = ''] = await inhabited(1);
    const body = { deployment_model: 'on_prem' };
    const accepted = await scene.plane.post(`/api/tenants/${id}/move`, body).expect(202);
    const { job, install } = accepted.body;
    const planeId = (await scene.plane.rows(Placement, { tenantId: id, phase: 'importing' }))[0]
      ?.tenantPlaneId;
    const theirs = new PlaneSimulator(scene.plane.url, scene.plane.clock, planeId ?? '', install);
    const enrolment = { endpoint_url: 'https://atlas.acme.example', version: '0.0.9' };
    expect((await theirs.enrol(enrolment)).status).toBe(200);
    await scene.reaches(job.id, 'failed');
    expect((await scene.job(job.id)).error).toMatchObject({ code: 'target_plane_older', class: 'operator' });
    expect(await scene.plane.count(Transfer, { tenantId: id })).toBe(0);
    // Once the plane is upgraded, the job can resume.
    await theirs.report([], { version: '0.1.0' });
    await scene.act(job.id, 'retry').expect(202);
    await eventually(() => scene.plane.count(Transfer, { tenantId: id }));
  });

  it.each(['in another region', 'without a region'])('moves no tenant to a cell %s', async (where) => {
    const [id = ''] = await inhabited(1);
    const elsewhere = await scene.plane.enrolledCell();
    const changes = { region: where === 'without a region' ? null : 'elsewhere' };
    await scene.plane.change(TenantPlane, { id: elsewhere.id }, changes);
    const body = { deployment_model: 'shared', tenant_plane_id: elsewhere.id };
    for (const query of ['?dry_run=true', '']) {
      const answer = await scene.plane.post(`/api/tenants/${id}/move${query}`, body);
      expect(refusal(answer)).toEqual([422, 'other_region']);
      expect(answer.body.detail).toContain(`must stay in region ${region}`);
    }
    expect(await scene.plane.count(ProvisioningJob, { tenantId: id, operation: 'move' })).toBe(0);
    expect(await scene.plane.count(Placement, { tenantPlaneId: elsewhere.id })).toBe(0);
  });

  describe('with a tenant that is moving to another cell', () => {
    const pulled = (cell: PlaneSimulator, id: string, isNew: (transfer: DesiredTransfer) => boolean) =>
      eventually(async () => {
        await cell.pull();
        const { transfer, entry_revision = 0 } = cell.tenants.get(id) ?? {};
        return transfer && isNew(transfer) && { ...transfer, entry_revision };
      });

    it.each(['while the job waits', 'before the job is retried'])(
      "encrypts the rows with the other cell's new key if that cell re-enrols %s",
      async (when) => {
        const [id = ''] = await inhabited(1);
        const to = { deployment_model: 'shared', tenant_plane_id: other.id };
        const { job } = (await scene.plane.post(`/api/tenants/${id}/move`, to).expect(202)).body;
        const { id: first } = await pulled(other, id, () => true);
        await scene.reaches(job.id, 'waiting');
        const isRetried = when === 'before the job is retried';
        if (isRetried) {
          const stuck = new StepFailure('operator', 'stuck', 'It is stuck.', 'Try again.');
          jest.spyOn(scene.plane.app.get(AwaitCopyStep), 'run').mockRejectedValueOnce(stuck);
          await scene.looksAgain(job.id);
          await scene.reaches(job.id, 'failed');
        }
        const keys = generateKeyPairSync('x25519');
        const public_key = keys.publicKey.export({ format: 'jwk' });
        other = await scene.plane.reissue(other);
        expect((await other.enrol({ public_key })).status).toBe(200);
        const { entry_revision } = await pulled(other, id, () => true);
        const failed = {
          tenant_id: id,
          state: 'failed',
          entry_revision,
          error: 'A part cannot be decrypted',
        };
        await other.report([failed as ReportedTenant]);
        if (isRetried) await scene.act(job.id, 'retry').expect(202);
        const leaving = await pulled(here, id, (transfer) => transfer.id !== first);
        expect(leaving).toMatchObject({ role: 'source', recipient: { x: public_key.x } });
        expect(await pulled(other, id, (transfer) => transfer.id === leaving.id)).toMatchObject({
          role: 'target',
        });
        await scene.reaches(job.id, 'waiting');
        const transfers = await scene.plane.rows(Transfer, { tenantId: id, endedAt: IsNull() });
        expect(transfers).toMatchObject([{ id: leaving.id }]);
      },
    );
  });

  it('is drained at once when empty, and accepts tenants again once reopened', async () => {
    const job = await drain();
    await scene.reaches(job, 'succeeded');
    expect(refusal(await call('drain'))).toEqual([409, 'already_drained']);
    const { body } = await call('reopen').expect(200);
    expect(body.tenant_plane).toMatchObject({ id: here.id, accepts_tenants: true });
    const actions = ['tenant_plane.drain', 'tenant_plane.reopen'];
    for (const action of actions)
      expect(await scene.plane.rows(AuditEvent, { action, targetId: here.id })).toHaveLength(1);
  });

  it('stays the home of a tenant until the new cell has imported everything', async () => {
    const [id = ''] = await inhabited(1);
    await drain();
    const pulledAs = (cell: PlaneSimulator, phase: string, role: string): Promise<DesiredTransfer> =>
      eventually(async () => {
        await cell.pull();
        const entry = cell.tenants.get(id);
        return entry?.phase === phase && entry.transfer?.role === role && entry.transfer;
      });
    const coming = await pulledAs(other, 'importing', 'target');
    const leaving = await pulledAs(here, 'serving', 'source');
    const job = (await scene.plane.rows(ProvisioningJob, { tenantId: id, operation: 'move' }))[0]?.id ?? '';
    const send = async (part: number, kind: 'changes' | 'last') => {
      const sealed = await sealedPart(leaving, {}, { part, kind });
      expect((await sendPart(here, leaving.id, sealed, part)).status).toBe(200);
    };
    const waitsAt = async (name: string) => {
      await scene.reaches(job, 'waiting');
      const { steps } = await scene.looksAgain(job);
      expect(steps.find(({ status }) => status !== 'done')).toMatchObject({ name });
    };

    const noneOfTheirs = [404, 'transfer_not_found'];
    expect(refusal(await sendPart(other, coming.id, await sealedPart(leaving, {})))).toEqual(noneOfTheirs);
    await send(1, 'changes');
    expect(refusal(await takePart(here, leaving.id))).toEqual(noneOfTheirs);
    expect(refusal(await sayImported(here, leaving.id))).toEqual(noneOfTheirs);
    // An import by another attempt does not count for this attempt.
    await sayImported(other, coming.id, 1, 'another');
    await waitsAt('await-copy');
    await sayImported(other, coming.id);
    await pulledAs(here, 'frozen', 'source');
    await waitsAt('await-import');
    await send(2, 'last');
    await waitsAt('await-import');
    expect(await scene.tenant(id)).toMatchObject({ tenant_plane_id: here.id });
    // The new cell restarts after it has imported everything, and starts the import over.
    const restarted = scene.before('cut-over', async () => {
      expect((await takePart(other, coming.id)).status).toBe(200);
    });
    await sayImported(other, coming.id, 2);
    await restarted;
    await waitsAt('cut-over');
    await sayImported(other, coming.id);
    await waitsAt('cut-over');
    expect(await scene.tenant(id)).toMatchObject({ tenant_plane_id: here.id });
    await sayImported(other, coming.id, 2);
    await scene.reaches(job, 'succeeded');
    expect(await scene.tenant(id)).toMatchObject({ tenant_plane_id: other.id });
  });

  it("passes on a tenant's sign-up links, and later revocations of them, to the new cell", async () => {
    const [id = ''] = await inhabited(1);
    const mint = async (token: string): Promise<string> => {
      scene.plane.clock.advance(1);
      const { body } = await scene.plane.post(`/api/tenants/${id}/signup-link`, undefined, { token });
      return String(decodeJwt(body.token).jti);
    };
    const key = await scene.plane.createApiKey(['tenants:write']);
    const links = [await mint(scene.plane.apiKey), await mint(key)];
    scene.copiesAtOnce(id);
    jest.spyOn(scene.plane.app.get(AwaitImportStep), 'run').mockResolvedValueOnce(done());
    const whole = { attempt: 'only', parts: 1, imported: 1, lastKind: 'last' as const };
    const copied = scene.before('cut-over', () => scene.plane.change(Transfer, { tenantId: id }, whole));
    const body = { deployment_model: 'shared', tenant_plane_id: other.id };
    const { job } = (await scene.plane.post(`/api/tenants/${id}/move`, body).expect(202)).body;
    await copied;
    await scene.reaches(job.id, 'succeeded');
    await mint(key);
    const pulled = async () => (await other.pull(), other.tenants.get(id)?.signup_links);
    expect(await pulled()).toEqual({ revoked: [], carried: links.toReversed() });
    await scene.plane.delete(`/api/api-keys/${key.split('_')[1]}`).expect(204);
    expect(await pulled()).toMatchObject({ revoked: [expect.any(String), links[1]], carried: [links[0]] });
    await here.pull();
    expect(here.tenants.get(id)).toMatchObject({ phase: 'retired', moved_to: expect.any(String) });
    expect(here.tenants.get(id)).not.toHaveProperty('signup_links');
  });

  it('resumes a half-undone move even if the new cell has been told to purge the tenant', async () => {
    const [id = ''] = await inhabited(1);
    const body = { deployment_model: 'shared', tenant_plane_id: other.id };
    const { job } = (await scene.plane.post(`/api/tenants/${id}/move`, body).expect(202)).body;
    const pulled = (role?: string) =>
      eventually(async () => {
        await other.pull();
        const entry = other.tenants.get(id);
        return entry?.transfer?.role === role && entry;
      });
    await pulled('target');
    const stuck = new StepFailure('operator', 'stuck', 'It is stuck.', 'Try again.');
    jest.spyOn(scene.plane.app.get(ReservePlaceStep), 'undo').mockRejectedValueOnce(stuck);
    await scene.act(job.id, 'cancel').expect(202);
    await scene.reaches(job.id, 'failed');
    expect(await pulled()).toMatchObject({ phase: 'retired', purge: { job_id: job.id } });
    await scene.act(job.id, 'retry').expect(202);
    const entry = await pulled('target');
    expect(entry).toMatchObject({ phase: 'importing' });
    expect(entry).not.toHaveProperty('purge');
  });

  it('reopens when the drain is cancelled, but moves that have begun continue', async () => {
    await inhabited(1);
    const job = await drain();
    const [move] = await eventually(async () => {
      const begun = await movesOf(job);
      return begun.length === 1 && begun;
    });
    await scene.act(job, 'cancel').expect(202);
    await scene.reaches(job, 'cancelled');
    expect(await cellNow(here)).toMatchObject({ accepts_tenants: true, tenants: 1 });
    expect((await scene.job(move?.id ?? '')).status).not.toBe('cancelled');
  });

  it.each(['before it begins', 'while it waits'])(
    'stays closed, as an earlier drain left it, if a second drain is cancelled %s',
    async (when) => {
      await inhabited(1);
      await incompleteDrain();
      const claim = jest.spyOn(scene.plane.app.get(ProvisioningJobs), 'claim');
      if (when === 'before it begins') claim.mockResolvedValue(null);
      const job = await drain();
      if (when === 'while it waits') await eventually(async () => (await movesOf(job)).length === 1);
      await scene.act(job, 'cancel').expect(202);
      claim.mockRestore();
      await scene.looksAgain(job);
      await scene.reaches(job, 'cancelled');
      expect(await cellNow(here)).toMatchObject({ accepts_tenants: false });
      await call('reopen').expect(200);
    },
  );

  it('is unaffected by a cancellation that arrives just after its drain has finished', async () => {
    const [id] = await inhabited(1);
    const job = await drain();
    await eventually(async () => (await movesOf(job)).length === 1);
    const control = scene.plane.app.get(JobControl) as unknown as LooksAtJob;
    jest.spyOn(control, 'requireJob').mockImplementationOnce(async (manager) => {
      const read = await manager.findOneByOrFail(ProvisioningJob, { id: job });
      await manager.update(ProvisioningJob, { id: job }, { status: 'succeeded' });
      return read;
    });
    expect(refusal(await scene.act(job, 'cancel'))).toEqual([409, 'invalid_transition']);
    expect(await scene.plane.count(AuditEvent, { action: 'job.cancelled', targetId: job })).toBe(0);
    expect(await scene.tenant(id ?? '')).toMatchObject({ tenant_plane_id: here.id });
  });

  /** Returns a drain job that failed because the move of the cell's only tenant was cancelled. */
  const incompleteDrain = async (clockSteps = 0): Promise<string> => {
    const job = await drain();
    const [move] = await eventually(async () => {
      const begun = await movesOf(job);
      return begun.length === 1 && begun;
    });
    scene.plane.clock.advance(clockSteps);
    await scene.act(move?.id ?? '', 'cancel').expect(202);
    await scene.reaches(job, 'failed');
    return job;
  };

  it.each([
    ['while the clock stands still', 0],
    ['after the clock has stepped back', -5],
  ])(
    'fails to drain if a move is cancelled %s; the error names the tenant, which a retry moves',
    async (_, steps) => {
      const [id] = await inhabited(1);
      const job = await incompleteDrain(steps);
      const { error } = await scene.job(job);
      expect(error?.code).toBe('drain_incomplete');
      const { slug } = await scene.tenant(id ?? '');
      expect(error?.detail).toContain(`${slug} (active)`);
      await scene.act(job, 'retry').expect(202);
      await eventually(async () => (await movesOf(job)).length === 2);
    },
  );

  it('moves out all tenants except those whose rows are lost, which the error names', async () => {
    const ids = await inhabited(6);
    const [last = '', ...lost] = ids.toReversed();
    const at = (tenantId: string) => ({ tenantId, tenantPlaneId: here.id });
    const [said = '', ...others] = lost;
    const reportedCode = 'copy_missing' as const;
    const copy = { restoredFrom: randomUUID(), importedBy: here.instanceId };
    await scene.plane.change(Placement, at(said), { ...copy, reportedCode });
    for (const id of others)
      await scene.plane.change(Placement, at(id), { ...copy, importedBy: randomUUID() });
    const job = await drain();
    const [move] = await eventually(async () => {
      const begun = await movesOf(job);
      return begun.length === 1 && begun;
    });
    expect(move).toMatchObject({ tenant_id: last });
    const arriving = Traveller.at(scene, region, here, last, '');
    await (await arriving.almostMoved(other, move?.id)).last();
    await scene.reaches(job, 'failed');
    const { error } = await scene.job(job);
    expect(error).toMatchObject({
      code: 'drain_incomplete',
      fix: expect.stringContaining('POST /api/tenants/<id>/move?dry_run=true'),
    });
    for (const id of lost)
      expect(error?.detail).toMatch(new RegExp(`no longer has.* ${(await scene.tenant(id))['slug']}\\b`));
    const all = { tenantPlaneId: here.id, holdsPlace: true };
    await scene.plane.change(Placement, all, { restoredFrom: null, importedBy: null });
    await scene.act(job, 'retry').expect(202);
    await eventually(async () => (await movesOf(job)).length === 5);
  });

  it('needs a new drain once reopened, because the failed drain cannot be retried', async () => {
    await inhabited(1);
    const job = await incompleteDrain();
    await call('reopen').expect(200);
    const refused = await scene.act(job, 'retry');
    expect([...refusal(refused), refused.body.detail]).toEqual([
      409,
      'invalid_transition',
      expect.stringMatching(/has been reopened since.* POST \/api\/tenant-planes\/<id>\/drain/),
    ]);
    await scene.act(job, 'rollback').expect(202);
    await scene.reaches(job, 'cancelled');
    expect(await cellNow(here)).toMatchObject({ accepts_tenants: true });
    await drain();
    await eventually(async () => (await cellNow(here))?.accepts_tenants === false);
  });

  it('fails to drain if it is reopened during the drain', async () => {
    const opened = scene.before('move-tenants', () =>
      scene.plane.change(TenantPlane, { id: here.id }, { acceptsTenants: true }),
    );
    const job = await drain();
    await opened;
    await scene.reaches(job, 'failed');
    expect((await scene.job(job)).error).toMatchObject({ code: 'cell_reopened', class: 'operator' });
  });

  it('moves a tenant whose move has failed only after that move is rolled back', async () => {
    const [id = ''] = await inhabited(1);
    const failure = new StepFailure('operator', 'broken', 'It broke.', 'Operator: mend it.');
    jest.spyOn(scene.plane.app.get(OpenTransferStep), 'run').mockRejectedValueOnce(failure);
    const to = { deployment_model: 'shared', tenant_plane_id: other.id };
    const failed = (await scene.plane.post(`/api/tenants/${id}/move`, to).expect(202)).body.job.id;
    await scene.reaches(failed, 'failed');
    const job = await drain();
    await scene.reaches(job, 'failed');
    expect((await scene.job(job)).error).toMatchObject({
      code: 'drain_incomplete',
      fix: expect.stringContaining('roll back failed moves'),
    });
    expect(await movesOf(job)).toEqual([]);
    await scene.act(failed, 'rollback').expect(202);
    await scene.reaches(failed, 'cancelled');
    await scene.act(job, 'retry').expect(202);
    await eventually(async () => (await movesOf(job)).length === 1);
  });

  describe('a request to drain it', () => {
    it('is refused if no other cell in its region has room, or another operation is running', async () => {
      await inhabited(1);
      const elsewhere = await scene.plane.enrolledCell({ region: `${region}-east` });
      await closed(other);
      expect(refusal(await call('drain'))).toEqual([503, 'no_capacity']);
      expect(refusal(await call('drain', here, '?dry_run=true'))).toEqual([503, 'no_capacity']);
      await call('reopen', other).expect(200);
      await drain();
      expect(refusal(await call('drain'))).toEqual([409, 'operation_in_progress']);
      expect(refusal(await call('reopen'))).toEqual([409, 'operation_in_progress']);
      expect(await cellNow(elsewhere)).toMatchObject({ tenants: 0 });
    });

    it('is refused before the cell has enrolled, and for a plane that is not a cell', async () => {
      const { body } = await scene.plane.provision({ deployment_model: 'on_prem' }).expect(202);
      const [theirs, expected] = [{ id: body.tenant.tenant_plane_id }, await scene.plane.registerCell()];
      expect(refusal(await call('drain', theirs as PlaneSimulator))).toEqual([
        422,
        'tenant_plane_not_a_cell',
      ]);
      expect(refusal(await call('drain', expected))).toEqual([409, 'invalid_transition']);
      expect(refusal(await call('drain', { id: body.tenant.id } as PlaneSimulator))).toEqual([
        404,
        'not_found',
      ]);
    });
  });

  it('is not changed by a dry run, which only plans the drain', async () => {
    await inhabited(1);
    const { body } = await call('drain', here, '?dry_run=true').expect(200);
    expect(body.plan).toMatchObject({ tenants: 1, install_required: false });
    expect(body.plan.steps.map(({ name }: { name: string }) => name)).toEqual(['close-cell', 'move-tenants']);
    expect(await cellNow(here)).toMatchObject({ accepts_tenants: true });
  });
});
