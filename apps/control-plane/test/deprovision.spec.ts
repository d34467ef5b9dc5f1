import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import { MAX_ATTEMPTS, StepFailure, done, wait, Chores } from '@atlas/jobs';
import { SCOPES } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { type DesiredTenant, type DesiredTransfer, runName } from '@atlas/plane-contract';
import { CommitOutcomeUnknown, currentContext, newTraceId, runInContext } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { databasesOfLongSuite, eventually } from '@atlas/testing';
import { type JWK, compactDecrypt, importJWK, jwtVerify } from 'jose';
import { In } from 'typeorm';
import { IsNull, Not } from 'typeorm';
import { Audit } from '../src/audit/audit';
import { AuditEvent } from '../src/audit/audit-event.entity';
import { EraseBackupStep } from '../src/operations/deprovision/erase-backup.step';
import { Purges } from '../src/operations/deprovision/purges';
import { ReadableBackup } from '../src/operations/deprovision/readable-backup';
import { RemoveCopiesStep } from '../src/operations/deprovision/remove-copies.step';
import { RegisterTenantPlaneStep } from '../src/operations/provision/register-tenant-plane.step';
import { ReservePlaceStep } from '../src/operations/provision/reserve-place.step';
import { OpenRestoreStep } from '../src/operations/restore/open-restore.step';
import { ReinstateStep } from '../src/operations/restore/reinstate.step';
import { newProvisioningJob } from '../src/provisioning-jobs/job-starter';
import { ProvisioningJob } from '../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../src/provisioning-jobs/provisioning-jobs';
import { Placement } from '../src/registry/placement.entity';
import { reservedPlacement } from '../src/registry/placements';
import { TenantPlane } from '../src/registry/tenant-plane.entity';
import { Tenant } from '../src/registry/tenant.entity';
import { Transfer, TransferPart } from '../src/registry/transfer.entity';
import { ServiceKey } from '../src/service-keys/service-key.entity';
import { Backups } from '../src/transfers/backups';
import { MAX_PARTS } from '../src/transfers/transfer-relay';
import { Transfers } from '../src/transfers/transfers';
import { sayImported, sayImportedBy, sealedPart, sendPart, takePart, nextRun } from './backup-part.fixture';
import { Gate, lockWaits } from './held-operator.fixture';
import { JOBS, JobScene } from './job-scene.fixture';
import { KEYS, PlaneSimulator, bodyOf, refusal } from './plane-simulator.fixture';
import { Traveller } from './travel-scene.fixture';

const DAY_MS = 24 * 3_600_000;
const MANIFEST = { incidents: { rows: 3, checksum: 'c' }, users: { rows: 1, checksum: 'd' } };

interface Gone {
  readonly id: string;
  readonly slug: string;
  readonly job: string;
}

describe.each(databasesOfLongSuite('postgres'))('a tenant deprovisioned by an operator on %s', (driver) => {
  let scene: JobScene;
  beforeAll(async () => (scene = await JobScene.set(driver)));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => scene.plane.close());

  const active = async () => {
    const { body } = await scene.plane.provision().expect(202);
    const { id, slug } = body.tenant;
    await scene.cell.serve(id);
    await scene.reaches(body.job.id, 'succeeded');
    return { id, slug } as { id: string; slug: string };
  };
  const deprovision = (id: string, confirm_slug: string, query = '') =>
    scene.plane.post(`/api/tenants/${id}/deprovision${query}`, { confirm_slug });
  const begin = async (tenant: { id: string; slug: string }): Promise<Gone> => {
    const { body } = await deprovision(tenant.id, tenant.slug).expect(202);
    return { ...tenant, job: body.job.id };
  };
  /**
   * Pulls the cell's desired state until `look` finds something
   * in the tenant's entry, and returns what it found.
   */
  const pulled = <T>(id: string, look: (entry: NonNullable<ReturnType<typeof entryOf>>) => T) =>
    eventually(async () => {
      await scene.cell.pull();
      const entry = entryOf(id);
      return entry && look(entry);
    });
  const entryOf = (id: string) => scene.cell.tenants.get(id);
  const backupOf = (id: string): Promise<DesiredTransfer> =>
    pulled(id, ({ transfer }) => transfer?.role === 'backup' && transfer) as Promise<DesiredTransfer>;
  const backUp = async ({ id }: Gone): Promise<DesiredTransfer> => {
    const backup = await backupOf(id);
    expect((await sendPart(scene.cell, backup.id, await sealedPart(backup, MANIFEST))).status).toBe(200);
    expect((await sayImported(scene.cell, backup.id)).status).toBe(204);
    return backup;
  };
  const purge = async ({ id }: Gone): Promise<void> => {
    await pulled(id, (entry) => entry.purge !== undefined);
    await scene.report(id, 'applied');
  };
  const gone = async (): Promise<Gone> => {
    const tenant = await begin(await active());
    await backUp(tenant);
    await purge(tenant);
    await scene.reaches(tenant.job, 'succeeded');
    return tenant;
  };
  /** Advances the clock, then replaces the session and the API key, which may have expired. */
  const later = async (ms: number): Promise<void> => {
    scene.plane.clock.advance(ms / 1000);
    scene.plane.session = await scene.plane.login('owner@example.com');
    scene.plane.apiKey = await scene.plane.createApiKey(SCOPES);
  };
  const checkBackup = (tenantId: string, backup_id: string) =>
    scene.plane.app
      .get(Database)
      .read((manager) =>
        scene.plane.app
          .get(ReadableBackup)
          .require({ manager, tenantId, outputs: { 'back-up': { backup_id } } }),
      );
  const errorOf = async (job: string) => (await scene.job(job)).error?.code;

  it('is stopped, backed up, removed from its home, and restorable for 30 days', async () => {
    const tenant = await begin(await active());
    const placed = await scene.placed();
    const { key } = await backUp(tenant);
    // The backup's key is encrypted with the plane's public key.
    const opened = await compactDecrypt(key ?? '', KEYS.privateKey);
    expect(JSON.parse(new TextDecoder().decode(opened.plaintext))).toMatchObject({ crv: 'X25519' });
    await pulled(tenant.id, (entry) => entry.purge?.job_id === tenant.job);
    expect(entryOf(tenant.id)).toMatchObject({ status: 'deprovisioning', phase: 'retired' });
    await scene.report(tenant.id, 'applied');
    await scene.reaches(tenant.job, 'succeeded');
    const until = new Date(scene.plane.clock.now().getTime() + 30 * DAY_MS).toISOString();
    expect(await scene.tenant(tenant.id)).toMatchObject({
      status: 'deprovisioning',
      restorable_until: until,
    });
    expect(await scene.placed()).toBe(placed - 1);
    const [event] = await scene.plane.rows(AuditEvent, { action: 'tenant.deprovision', targetId: tenant.id });
    expect(event).toMatchObject({ before: { status: 'active' }, after: { job_id: tenant.job } });
  });

  const importing = async ({ id }: Gone): Promise<string> => {
    const { body } = await scene.plane.post(`/api/tenants/${id}/restore`).expect(202);
    await pulled(id, ({ phase }) => phase === 'importing');
    return body.job.id;
  };
  /** Runs a restore until the desired state tells the importing plane to serve the tenant. */
  const comingBack = async ({ id }: Gone) => {
    const { body } = await scene.plane.post(`/api/tenants/${id}/restore`).expect(202);
    return { job: body.job.id as string, transfer: await isImported({ id }) };
  };
  const isImported = async ({ id }: { id: string }): Promise<string> => {
    const coming = await pulled(id, ({ phase, transfer }) => phase === 'importing' && transfer);
    expect(coming).toMatchObject({ role: 'target', key: expect.any(String) });
    expect((await takePart(scene.cell, coming.id)).text).toMatch(/^ey/);
    expect((await sayImported(scene.cell, coming.id)).status).toBe(204);
    await pulled(id, ({ phase, status }) => phase === 'serving' && status === 'active');
    return coming.id;
  };

  it("is restored from its backup, which is erased once the tenant's plane reports success", async () => {
    const tenant = await gone();
    const { job, transfer } = await comingBack(tenant);
    await scene.reaches(job, 'waiting');
    expect(await scene.plane.count(TransferPart, { transferId: transfer })).toBe(1);
    await scene.report(tenant.id, 'applied');
    await scene.reaches(job, 'succeeded');
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'active', restorable_until: null });
    expect(await scene.plane.count(TransferPart, { transferId: transfer })).toBe(0);
  });

  it('is restored from its newest backup, which replaces the older one', async () => {
    const tenant = await gone();
    const { transfer: older } = await comingBack(tenant);
    // Users can write again. The next deprovisioning stops the restore before the restore's backup is erased.
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'active', restorable_until: null });
    const again = await begin(tenant);
    const newest = await backupOf(tenant.id);
    expect(newest.id).not.toBe(older);
    await expect(checkBackup(tenant.id, newest.id)).rejects.toMatchObject({ code: 'backup_unreadable' });
    expect(await scene.plane.count(TransferPart, { transferId: older })).toBe(1);
    await backUp(again);
    await purge(again);
    await scene.reaches(again.job, 'succeeded');
    expect(await scene.plane.rows(Transfer, { id: older })).toMatchObject([{ keySealed: null }]);
    expect(await scene.plane.count(TransferPart, { transferId: older })).toBe(0);
    expect((await comingBack(again)).transfer).toBe(newest.id);
  });

  it('keeps the earlier backup until a newer one has passed a trial restore', async () => {
    const tenant = await gone();
    const { transfer: older } = await comingBack(tenant);
    const again = await begin(tenant);
    const { id } = await backupOf(tenant.id);
    await scene.act(again.job, 'cancel').expect(202);
    await scene.act(again.job, 'rollback').expect(202);
    await scene.reaches(again.job, 'cancelled');
    expect(await scene.plane.rows(Transfer, { id })).toMatchObject([{ keySealed: null }]);
    await expect(checkBackup(tenant.id, older)).resolves.toBeUndefined();
  });

  it('is not restored while an import that its plane has restarted is incomplete', async () => {
    const tenant = await gone();
    const job = await importing(tenant);
    const { id = '' } = entryOf(tenant.id)?.transfer ?? {};
    await takePart(scene.cell, id);
    const restarted = scene.before('reinstate', async () => {
      expect((await takePart(scene.cell, id)).status).toBe(200);
    });
    await sayImported(scene.cell, id);
    await restarted;
    await scene.reaches(job, 'waiting');
    const { steps } = await scene.looksAgain(job);
    expect(steps.find(({ status }) => status !== 'done')).toMatchObject({ name: 'reinstate' });
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'deprovisioning' });
    await sayImported(scene.cell, id);
    await pulled(tenant.id, ({ phase, status }) => phase === 'serving' && status === 'active');
    await scene.report(tenant.id, 'applied');
    await scene.reaches(job, 'succeeded');
  });

  it('is not restored by a superseded import, even if that import reports completion', async () => {
    const tenant = await gone();
    const job = await importing(tenant);
    const { id = '' } = entryOf(tenant.id)?.transfer ?? {};
    const [first, unheard, second] = [nextRun(2), nextRun(2), nextRun(2)];
    for (const importer of [first, second])
      expect((await takePart(scene.cell, id, importer)).status).toBe(200);
    // Late and out-of-order requests from importing processes that no longer run.
    const late = [
      () => sayImportedBy(scene.cell, id, first),
      () => takePart(scene.cell, id, first),
      () => sayImportedBy(scene.cell, id, first),
      () => takePart(scene.cell, id, unheard),
      // A request from the trial restore that verified the backup.
      () => takePart(scene.cell, id, nextRun(1)),
      () => sayImportedBy(scene.cell, id, nextRun(2)),
    ];
    for (const say of late) expect(refusal(await say())).toEqual([409, 'import_superseded']);
    expect(await scene.plane.rows(Transfer, { id })).toMatchObject([{ importer: second, imported: 0 }]);
    await scene.reaches(job, 'waiting');
    expect((await sayImportedBy(scene.cell, id, second)).status).toBe(204);
    // Requesting a part again does not withdraw the import's report that it is complete.
    await takePart(scene.cell, id, second);
    await pulled(tenant.id, ({ phase, status }) => phase === 'serving' && status === 'active');
  });

  it('is not restored by an import from an earlier restore that was cancelled', async () => {
    const tenant = await gone();
    const job = await importing(tenant);
    const { id = '' } = entryOf(tenant.id)?.transfer ?? {};
    const before = nextRun(2);
    await takePart(scene.cell, id, before);
    await scene.act(job, 'cancel').expect(202);
    await scene.reaches(job, 'cancelled');
    const again = await importing(tenant);
    expect(entryOf(tenant.id)?.transfer).toMatchObject({ id, key: expect.any(String) });
    for (const late of [sayImportedBy, takePart])
      expect(refusal(await late(scene.cell, id, before))).toEqual([409, 'import_superseded']);
    await scene.reaches(again, 'waiting');
    await sayImported(scene.cell, id);
    await pulled(tenant.id, ({ phase, status }) => phase === 'serving' && status === 'active');
  });

  it('is not backed up with parts from superseded attempts', async () => {
    const backup = await backupOf((await begin(await active())).id);
    const send = async (attempt: string) =>
      sendPart(scene.cell, backup.id, await sealedPart(backup, MANIFEST, { attempt }));
    const [first, unheard, second] = [nextRun(), nextRun(), nextRun()];
    for (const attempt of [first, second, second]) expect((await send(attempt)).status).toBe(200);
    // The attempt `unheard` began between the other two, but sends its first part only now.
    for (const late of [first, unheard])
      expect(refusal(await send(late))).toEqual([409, 'transfer_out_of_order']);
    expect(await scene.plane.rows(Transfer, { id: backup.id })).toMatchObject([{ attempt: second }]);
  });

  it.each([
    ['an overlong attempt', { attempt: 'a'.repeat(101) }],
    ['an attempt that is not text', { attempt: 1 }],
    ['an unknown kind', { kind: 'k'.repeat(1000) }],
    ['an invalid number of changes', { changes: 0.5 }],
  ])('is not backed up with a part whose header has %s', async (_, header) => {
    const backup = await backupOf((await begin(await active())).id);
    const sealed = await sealedPart(backup, MANIFEST, header);
    expect(refusal(await sendPart(scene.cell, backup.id, sealed))).toEqual([400, 'validation_failed']);
    expect(await scene.plane.count(TransferPart, { transferId: backup.id })).toBe(0);
  });

  it('is never backed up in more than the maximum number of parts', async () => {
    const backup = await backupOf((await begin(await active())).id);
    const most = { attempt: 'only', parts: MAX_PARTS };
    await scene.plane.change(Transfer, { id: backup.id }, most);
    const part = MAX_PARTS + 1;
    const sealed = await sealedPart(backup, MANIFEST, { part });
    expect(refusal(await sendPart(scene.cell, backup.id, sealed, part))).toEqual([409, 'transfer_too_long']);
    expect((await sayImported(scene.cell, backup.id, MAX_PARTS)).status).toBe(204);
    for (const imported of [MAX_PARTS + 1, 2 ** 40])
      expect(refusal(await sayImported(scene.cell, backup.id, imported))).toEqual([409, 'transfer_too_long']);
  });

  it('is restored from a backup to which no part can be added during the restore', async () => {
    const tenant = await gone();
    await importing(tenant);
    const [kept] = await scene.plane.rows(Transfer, { tenantId: tenant.id });
    const { id = '', recipient = {} } = kept ?? {};
    const forged = await sealedPart({ id, recipient } as DesiredTransfer, MANIFEST);
    expect(refusal(await sendPart(scene.cell, id, forged))).toEqual([404, 'transfer_not_found']);
    expect(refusal(await sendPart(scene.cell, id, forged, 2)).at(0)).not.toBe(200);
  });

  it('stays restored once users may have made changes, as the restore can no longer be undone', async () => {
    const tenant = await gone();
    const { job } = await comingBack(tenant);
    await scene.reaches(job, 'waiting');
    const { body } = await scene.act(job, 'cancel').expect(409);
    expect(body).toMatchObject({
      code: 'beyond_return',
      detail: expect.stringContaining('have made changes'),
    });
    await later(DAY_MS);
    expect(await scene.looksAgain(job)).toMatchObject({ status: 'failed' });
    expect(refusal(await scene.act(job, 'rollback'))).toEqual([409, 'beyond_return']);
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'active', restorable_until: null });
    // Even a fatal failure does not roll the restore back.
    const lost = new StepFailure('fatal', 'lost', 'It is lost.');
    jest.spyOn(scene.plane.app.get(EraseBackupStep), 'run').mockRejectedValueOnce(lost);
    await scene.act(job, 'retry').expect(202);
    // The tenant's lease has been renewed meanwhile.
    await scene.cell.pull();
    await scene.report(tenant.id, 'applied');
    await eventually(async () => (await errorOf(job)) === 'beyond_return');
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'active', tenant_plane_id: scene.cell.id });
    await scene.act(job, 'retry').expect(202);
    await scene.reaches(job, 'succeeded');
    await scene.cell.pull();
    expect(entryOf(tenant.id)).toMatchObject({ phase: 'serving', status: 'active' });
  });

  it('is not restored to a cell that runs an older version than its backup', async () => {
    const tenant = await gone();
    await active();
    const emptier = await scene.plane.registerCell();
    await emptier.enrol({ version: '0.0.9' });
    // The restore uses the scene's cell, even though `emptier` has more room.
    const job = await importing(tenant);
    await scene.report(tenant.id, 'failed', 'The disk is full.');
    await scene.reaches(job, 'cancelled');
    expect((await scene.job(job)).error).toMatchObject({
      code: 'copy_failed',
      detail: 'The tenant plane could not import the backup: The disk is full.',
      fix: expect.stringContaining('The restore is undone automatically, and the backup is kept'),
    });
    const accepts = (acceptsTenants: boolean) =>
      scene.plane.change(TenantPlane, { id: scene.cell.id }, { acceptsTenants });
    await accepts(false);
    const { body } = await scene.plane.post(`/api/tenants/${tenant.id}/restore`).expect(202);
    await scene.reaches(body.job.id, 'failed');
    expect((await scene.job(body.job.id)).error).toMatchObject({
      code: 'no_capacity',
      detail: expect.stringContaining('has room for another tenant and runs version 0.1.0 or newer'),
    });
    await accepts(true);
    await scene.plane.change(TenantPlane, { id: emptier.id }, { acceptsTenants: false });
    await scene.act(body.job.id, 'retry').expect(202);
    await pulled(tenant.id, ({ transfer }) => transfer?.role === 'target');
  });

  it('is not restored to a plane with an older version until that plane is upgraded', async () => {
    const tenant = await gone();
    const runs = (version: string) => scene.plane.change(TenantPlane, { id: scene.cell.id }, { version });
    const older = scene.before('open-restore', () => runs('0.0.9'));
    const { body } = await scene.plane.post(`/api/tenants/${tenant.id}/restore`).expect(202);
    await older;
    await scene.reaches(body.job.id, 'failed');
    expect((await scene.job(body.job.id)).error).toMatchObject({
      code: 'target_plane_older',
      class: 'operator',
      detail: expect.stringMatching(
        /runs 0\.0\.9, but the backup was made by .* 0\.1\.0\..* to 0\.1\.0 first/,
      ),
    });
    await runs('0.1.0');
    await scene.act(body.job.id, 'retry').expect(202);
    await pulled(tenant.id, ({ transfer }) => transfer?.role === 'target');
  });

  it('keeps its backup when a restore is cancelled during the import', async () => {
    const tenant = await gone();
    const job = await importing(tenant);
    await scene.act(job, 'cancel').expect(202);
    await scene.reaches(job, 'cancelled');
    await pulled(tenant.id, ({ purge }) => purge?.job_id === job);
    expect(await scene.tenant(tenant.id)).toMatchObject({
      status: 'deprovisioning',
      tenant_plane_id: null,
      endpoint_url: null,
      restorable_until: expect.any(String),
    });
    const [backup] = await scene.plane.rows(Transfer, { tenantId: tenant.id });
    expect(backup).toMatchObject({ purpose: 'backup', endedAt: expect.any(Date), planeKey: null });
    expect((await scene.plane.post(`/api/tenants/${tenant.id}/restore`)).status).toBe(202);
  });

  it('is imported again, not removed, when a half-undone restore is retried', async () => {
    const tenant = await gone();
    const job = await importing(tenant);
    const stuck = new StepFailure('operator', 'stuck', 'It is stuck.', 'Try again.');
    jest.spyOn(scene.plane.app.get(ReservePlaceStep), 'undo').mockRejectedValueOnce(stuck);
    await scene.act(job, 'cancel').expect(202);
    await scene.reaches(job, 'failed');
    await pulled(tenant.id, ({ purge }) => purge?.job_id === job);
    await scene.act(job, 'retry').expect(202);
    await pulled(tenant.id, ({ transfer }) => transfer?.role === 'target');
    expect(entryOf(tenant.id)).toMatchObject({ phase: 'importing' });
    expect(entryOf(tenant.id)).not.toHaveProperty('purge');
  });

  it('is not removed if the trial restore of its backup fails', async () => {
    const tenant = await begin(await active());
    await backupOf(tenant.id);
    await scene.report(tenant.id, 'failed', 'The copy differs from the original in: incidents.');
    await scene.reaches(tenant.job, 'failed');
    expect(await errorOf(tenant.job)).toBe('backup_not_verified');
    expect(entryOf(tenant.id)).not.toHaveProperty('purge');
    // The job can be retried once the cause is fixed.
    await backUp(tenant);
    await scene.act(tenant.job, 'retry').expect(202);
    await purge(tenant);
    await scene.reaches(tenant.job, 'succeeded');
  });

  it('is not removed until a trial restore has verified its backup', async () => {
    const tenant = await begin(await active());
    const backup = await backupOf(tenant.id);
    expect((await sendPart(scene.cell, backup.id, await sealedPart(backup, MANIFEST))).status).toBe(200);
    await scene.reaches(tenant.job, 'waiting');
    const { steps } = await scene.looksAgain(tenant.job);
    expect(steps.find(({ status }) => status !== 'done')).toMatchObject({ name: 'await-backup' });
    await scene.cell.pull();
    expect(entryOf(tenant.id)).not.toHaveProperty('purge');
    expect(await scene.plane.rows(Transfer, { id: backup.id })).toMatchObject([{ endedAt: null }]);
    // Until the trial restore succeeds, later steps do not accept even a complete and readable backup.
    const unkept = { code: 'backup_unreadable', message: expect.stringContaining('there is none') };
    await expect(checkBackup(tenant.id, backup.id)).rejects.toMatchObject(unkept);
    await sayImported(scene.cell, backup.id);
    await purge(tenant);
    await scene.reaches(tenant.job, 'succeeded');
  });

  it('is not removed if its backup is damaged right after being verified', async () => {
    const backups = scene.plane.app.get(Backups);
    const keep = backups.keep.bind(backups);
    jest.spyOn(backups, 'keep').mockImplementationOnce(async (manager, backup, manifest) => {
      const isKept = await keep(manager, backup, manifest);
      await manager.update(TransferPart, { transferId: backup.id }, { sealed: 'damaged' });
      return isKept;
    });
    const tenant = await begin(await active());
    await backUp(tenant);
    await scene.reaches(tenant.job, 'failed');
    const { error, steps } = await scene.job(tenant.job);
    expect(error?.code).toBe('backup_unreadable');
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({ name: 'remove-copies' });
    await scene.cell.pull();
    expect(entryOf(tenant.id)).not.toHaveProperty('purge');
    await scene.report(tenant.id, 'applied');
    await scene.act(tenant.job, 'rollback').expect(202);
    await scene.reaches(tenant.job, 'cancelled');
  });

  it('is not removed if its backup cannot be decrypted, and is served again after a rollback', async () => {
    const tenant = await begin(await active());
    const backup = await backupOf(tenant.id);
    const [head, ...rest] = (await sealedPart(backup, MANIFEST)).split('.');
    const last = rest.at(-2) ?? '';
    rest[rest.length - 2] = `${last.startsWith('A') ? 'B' : 'A'}${last.slice(1)}`;
    await sendPart(scene.cell, backup.id, [head, ...rest].join('.'));
    await sayImported(scene.cell, backup.id);
    await scene.reaches(tenant.job, 'failed');
    expect(await errorOf(tenant.job)).toBe('backup_unreadable');
    await scene.cell.pull();
    expect(entryOf(tenant.id)).not.toHaveProperty('purge');
    await scene.act(tenant.job, 'rollback').expect(202);
    await scene.reaches(tenant.job, 'cancelled');
    await pulled(tenant.id, ({ status, transfer }) => status === 'active' && !transfer);
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'active' });
    expect(await scene.plane.rows(Transfer, { tenantId: tenant.id })).toMatchObject([{ keySealed: null }]);
  });

  it('is not fully removed if its backup is damaged while its plane removes the rows', async () => {
    const tenant = await begin(await active());
    const { id } = await backUp(tenant);
    await pulled(tenant.id, (entry) => entry.purge !== undefined);
    await expect(checkBackup(tenant.id, id)).resolves.toBeUndefined();
    const [part] = await scene.plane.rows(TransferPart, { transferId: id });
    await scene.plane.change(TransferPart, { transferId: id }, { sealed: `${part?.sealed.slice(0, -3)}AAA` });
    await expect(checkBackup(tenant.id, id)).rejects.toMatchObject({
      code: 'backup_unreadable',
      failureClass: 'operator',
    });
    await scene.report(tenant.id, 'applied');
    await scene.reaches(tenant.job, 'failed');
    expect(await errorOf(tenant.job)).toBe('backup_unreadable');
  });

  it.each(['during', 'right after'])(
    'is not removed if its plane resends the backup %s its verification',
    async (when) => {
      const backups = scene.plane.app.get(Backups);
      const read = backups.read.bind(backups);
      const tenant = await begin(await active());
      const backup = await backupOf(tenant.id);
      let hasLooked = false;
      const anew = await sealedPart(backup, MANIFEST, { attempt: nextRun(), kind: 'changes' });
      jest.spyOn(backups, 'read').mockImplementationOnce(async (...asked) => {
        const first = when === 'right after' && (await read(...asked));
        expect((await sendPart(scene.cell, backup.id, anew)).status).toBe(200);
        if (!first) await scene.plane.change(TransferPart, { transferId: backup.id }, { sealed: 'gone' });
        hasLooked = true;
        return first || read(...asked);
      });
      await backUp(tenant);
      await eventually(() => hasLooked, { what: 'the backup is checked' });
      await scene.reaches(tenant.job, 'waiting');
      expect(await scene.plane.rows(Transfer, { id: backup.id })).toMatchObject([{ endedAt: null }]);
      const third = nextRun();
      await sendPart(scene.cell, backup.id, await sealedPart(backup, MANIFEST, { attempt: third }));
      await sayImported(scene.cell, backup.id, 1, third);
      await purge(tenant);
      await scene.reaches(tenant.job, 'succeeded');
    },
  );

  const WAITS: readonly (readonly [string, (tenant: Gone) => Promise<unknown>])[] = [
    ['the backup is being made', ({ id }) => backupOf(id)],
    [
      'the rows are being removed',
      async (tenant) => {
        await backUp(tenant);
        await pulled(tenant.id, (entry) => entry.purge !== undefined);
      },
    ],
  ];
  it.each(WAITS)("waits for its plane if the plane's disk is full while %s", async (_, reach) => {
    const tenant = await begin(await active());
    await reach(tenant);
    await scene.report(tenant.id, 'retrying', 'The disk is full.');
    const { steps } = await eventually(async () => {
      const job = await scene.job(tenant.job);
      return job.steps.some(({ waiting_for: what }) => what?.includes('The disk is full.')) && job;
    });
    expect(steps.find(({ status }) => status === 'waiting')).toMatchObject({ error: null });
    await later(DAY_MS + 1000);
    expect((await scene.looksAgain(tenant.job)).error).toMatchObject({
      code: 'wait_timed_out',
      detail: expect.stringContaining('last failure: The disk is full.'),
    });
    await scene.act(tenant.job, 'retry').expect(202);
    if (!entryOf(tenant.id)?.purge) await backUp(tenant);
    await purge(tenant);
    await scene.reaches(tenant.job, 'succeeded');
  });

  it("is removed even if the Control Plane's database fails while the backup is being read", async () => {
    const lost = new CommitOutcomeUnknown(new Error('connection lost'));
    const outage = Object.assign(new Error('terminating connection'), { code: '57P01' });
    const backups = scene.plane.app.get(Backups);
    jest.spyOn(backups, 'read').mockRejectedValueOnce(outage).mockRejectedValueOnce(lost);
    const tenant = await begin(await active());
    await backUp(tenant);
    await eventually(async () => {
      scene.plane.clock.advance(2);
      await scene.plane.sweep();
      await scene.cell.pull();
      return entryOf(tenant.id)?.purge;
    });
    await purge(tenant);
    await scene.reaches(tenant.job, 'succeeded');
  });

  it('is not restorable while its plane reports that it could not remove the rows', async () => {
    const tenant = await begin(await active());
    await backUp(tenant);
    await pulled(tenant.id, (entry) => entry.purge !== undefined);
    await scene.report(tenant.id, 'failed', 'The disk is full.');
    await eventually(async () => {
      const { steps } = await scene.job(tenant.job);
      return steps.find(({ name }) => name === 'await-removal')?.error?.code === 'removal_failed';
    });
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'deprovisioning', restorable_until: null });
    await scene.report(tenant.id, 'applied');
    await scene.reaches(tenant.job, 'succeeded');
  });

  it('waits a day for its plane to remove the rows, then needs an operator', async () => {
    const tenant = await begin(await active());
    await backUp(tenant);
    await pulled(tenant.id, (entry) => entry.purge !== undefined);
    await scene.reaches(tenant.job, 'waiting');
    await later(DAY_MS + 1000);
    expect(await scene.looksAgain(tenant.job)).toMatchObject({ status: 'failed' });
    expect(await errorOf(tenant.job)).toBe('wait_timed_out');
    await scene.act(tenant.job, 'retry').expect(202);
    await scene.report(tenant.id, 'applied');
    await scene.reaches(tenant.job, 'succeeded');
  });

  it('cannot be brought back by a rollback once its plane has been told to remove the rows', async () => {
    const tenant = await begin(await active());
    await backUp(tenant);
    await pulled(tenant.id, (entry) => entry.purge !== undefined);
    await scene.act(tenant.job, 'cancel').expect(202);
    await scene.act(tenant.job, 'rollback').expect(202);
    await scene.reaches(tenant.job, 'failed');
    expect(await errorOf(tenant.job)).toBe('beyond_return');
    await scene.act(tenant.job, 'retry').expect(202);
    await scene.reaches(tenant.job, 'waiting');
    await scene.cell.pull();
    await scene.report(tenant.id, 'applied');
    await scene.reaches(tenant.job, 'succeeded');
  });

  describe('at the end of its restore period', () => {
    it('is deleted with its backup, keeps its slug, and has a verifiable deletion certificate', async () => {
      const tenant = await gone();
      const suspension = { suspendedAt: scene.plane.clock.now(), suspensionReason: 'unpaid' };
      await scene.plane.change(Tenant, { id: tenant.id }, suspension);
      const certificate = `/api/tenants/${tenant.id}/deletion-certificate`;
      expect(refusal(await scene.plane.get(certificate))).toEqual([404, 'not_deleted']);
      await later(30 * DAY_MS - 1000);
      await scene.plane.app.get(Chores).run(scene.plane.clock.now());
      expect(await scene.plane.count(ProvisioningJob, { tenantId: tenant.id, operation: 'purge' })).toBe(0);
      await later(DAY_MS);
      expect(refusal(await scene.plane.post(`/api/tenants/${tenant.id}/restore`))).toEqual([
        409,
        'not_restorable',
      ]);
      await scene.plane.app.get(Chores).run(scene.plane.clock.now());
      await eventually(async () => (await scene.tenant(tenant.id))['status'] === 'deleted');
      const [row] = await scene.plane.rows(Tenant, { id: tenant.id });
      expect(row).toMatchObject({ suspendedAt: null, suspensionReason: null });
      const [erased] = await scene.plane.rows(Transfer, { tenantId: tenant.id });
      expect(erased).toMatchObject({ keySealed: null });
      expect(await scene.plane.count(TransferPart, { transferId: erased?.id })).toBe(0);
      const { body } = await scene.plane.get(certificate).expect(200);
      const key = await importJWK(body.public_key as JWK, 'EdDSA');
      const { payload } = await jwtVerify(body.certificate, key, { currentDate: scene.plane.clock.now() });
      expect(payload).toEqual(body.claims);
      expect(payload).toMatchObject({
        sub: tenant.id,
        slug: tenant.slug,
        data_held_by: 'atlas',
        rows_removed: { incidents: 3, users: 1 },
        backup_erased_at: scene.plane.clock.now().toISOString(),
      });
      const again = await scene.plane.provision({ slug: tenant.slug });
      expect(refusal(again)).toEqual([409, 'slug_taken']);
    });

    const broken = new StepFailure('operator', 'broken', 'It broke.', 'Operator: fix it.');
    const overdue = async ({ id }: { id: string }): Promise<void> => {
      await scene.plane.change(Tenant, { id }, { restorableUntil: scene.plane.clock.now() });
      await scene.plane.app.get(Chores).run(scene.plane.clock.now());
    };
    const newestJob = async ({ id }: { id: string }): Promise<string> =>
      (await scene.plane.get(`${JOBS}?tenant_id=${id}&limit=1`).expect(200)).body.items[0].id;

    it('is not purged if it was restored and deprovisioned again while the sweep was paused', async () => {
      const { app, clock } = scene.plane;
      const tenant = await gone();
      jest.spyOn(app.get(OpenRestoreStep), 'run').mockRejectedValueOnce(broken);
      const { body } = await scene.plane.post(`/api/tenants/${tenant.id}/restore`).expect(202);
      await scene.reaches(body.job.id, 'failed');
      await scene.plane.change(Tenant, { id: tenant.id }, { restorableUntil: clock.now() });
      const database = app.get(Database);
      const write = database.write.bind(database);
      const [paused, goesOn] = [new Gate(), new Gate()];
      // Pauses only the sweep, because nonces and jobs are also written in the background.
      const traceId = newTraceId();
      jest.spyOn(database, 'write').mockImplementation(async (work) => {
        if (currentContext()?.traceId === traceId) {
          paused.open();
          await goesOn.opened;
        }
        return write(work);
      });
      const sweeping = runInContext({ traceId }, () => app.get(Purges).sweep());
      await paused.opened;

      await scene.act(body.job.id, 'retry').expect(202);
      await isImported(tenant);
      await scene.report(tenant.id, 'applied');
      await scene.reaches(body.job.id, 'succeeded');
      const again = await begin(tenant);
      const backup = await backUp(again);
      await purge(again);
      await scene.reaches(again.job, 'succeeded');

      goesOn.open();
      await sweeping;
      expect(await scene.plane.count(ProvisioningJob, { tenantId: tenant.id, operation: 'purge' })).toBe(0);
      expect((await comingBack(again)).transfer).toBe(backup.id);
    });

    it('is purged by one job, which retries automatically and then waits for an operator', async () => {
      const { app, clock } = scene.plane;
      const tenant = await gone();
      const failing = jest.spyOn(app.get(EraseBackupStep), 'run').mockRejectedValue(new Error('It failed.'));
      await overdue(tenant);
      const job = await newestJob(tenant);
      for (let status = ''; status !== 'failed'; { status } = await scene.job(job)) {
        clock.advance(60);
        await scene.plane.sweep();
      }
      expect((await scene.job(job)).steps[0]).toMatchObject({ name: 'erase-backup', attempt: MAX_ATTEMPTS });
      await app.get(Purges).sweep();
      // Simulates a sweep that selected the tenant before the purge began.
      jest.spyOn(app.get(Database), 'read').mockResolvedValueOnce([{ id: tenant.id }]);
      await app.get(Purges).sweep();
      const purges = { tenantId: tenant.id, operation: 'purge' };
      expect(await scene.plane.rows(ProvisioningJob, purges)).toMatchObject([{ id: job, status: 'failed' }]);
      failing.mockRestore();
      await scene.act(job, 'retry').expect(202);
      await scene.reaches(job, 'succeeded');
      expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'deleted' });
    });

    it.each(['cancel', 'rollback'] as const)(
      'is purged by a retry of the same job after a %s, not by a second job',
      async (action) => {
        const tenant = await gone();
        jest.spyOn(scene.plane.app.get(EraseBackupStep), 'run').mockRejectedValueOnce(broken);
        await overdue(tenant);
        const job = await newestJob(tenant);
        await scene.reaches(job, 'failed');
        if (action === 'cancel') {
          const later = new Date(scene.plane.clock.now().getTime() + DAY_MS);
          jest
            .spyOn(scene.plane.app.get(EraseBackupStep), 'run')
            .mockResolvedValueOnce(wait('nothing', later));
          await scene.act(job, 'retry').expect(202);
          await scene.reaches(job, 'waiting');
        }
        await scene.act(job, action).expect(202);
        await scene.reaches(job, 'cancelled');
        await scene.plane.app.get(Purges).sweep();
        expect(await newestJob(tenant)).toBe(job);
        await scene.act(job, 'retry').expect(202);
        await scene.reaches(job, 'succeeded');
      },
    );

    it('is not deleted until the rows imported by a failed restore have been removed', async () => {
      jest.spyOn(scene.plane.app.get(ReinstateStep), 'run').mockRejectedValueOnce(broken);
      const tenant = await gone();
      const placed = await scene.placed();
      const restore = await importing(tenant);
      const { id = '' } = entryOf(tenant.id)?.transfer ?? {};
      expect((await sayImported(scene.cell, id)).status).toBe(204);
      await scene.reaches(restore, 'failed');
      expect(refusal(await scene.plane.post(`/api/tenants/${tenant.id}/restore`))).toEqual([
        409,
        'move_unfinished',
      ]);
      await overdue(tenant);
      const erasedAt = scene.plane.clock.now().toISOString();
      const job = await newestJob(tenant);
      await pulled(tenant.id, ({ purge }) => purge?.job_id === job);
      expect(await scene.looksAgain(job)).toMatchObject({ status: 'waiting' });
      expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'deprovisioning' });
      expect(await scene.plane.count(TransferPart, { transferId: id })).toBe(0);
      scene.plane.clock.advance(60);
      await scene.report(tenant.id, 'applied');
      await scene.reaches(job, 'succeeded');
      const { body } = await scene.plane.get(`/api/tenants/${tenant.id}/deletion-certificate`).expect(200);
      expect(body.claims).toMatchObject({
        rows_removed: { incidents: 3, users: 1 },
        backup_erased_at: erasedAt,
      });
      expect(await scene.placed()).toBe(placed);
    });

    it('is purged, and old copies are removed, even while jobs run for many other tenants', async () => {
      const now = scene.plane.clock.now();
      const tenant = await gone();
      const [template] = (await scene.plane.rows(Tenant, { id: tenant.id })) as [Tenant];
      const settled = await active();
      const { id: tenantPlaneId } = await scene.plane.registerCell();
      const oldCopy = (tenantId: string): Placement => ({
        ...reservedPlacement({ tenantId, tenantPlaneId, createdAt: now }, 'serving'),
        phase: 'retired',
        holdsPlace: false,
        removeAfter: now,
      });
      const busy = Array.from({ length: 20 }, () => uuidv7(new Date(0)));
      for (const [index, id] of busy.entries()) {
        const row = { ...template, id, slug: `busy-${index}`, restorableUntil: now };
        await scene.plane.insert(Tenant, row);
        const restore = newProvisioningJob(
          { operation: 'restore', tenantId: id, steps: ['await-restore'] },
          now,
        );
        const dueAt = new Date(now.getTime() + DAY_MS);
        await scene.plane.insert(ProvisioningJob, { ...restore, status: 'waiting', dueAt });
        await scene.plane.insert(Placement, oldCopy(id));
      }
      await scene.plane.insert(Placement, oldCopy(settled.id));
      await overdue(tenant);
      const begun = await scene.plane.rows(ProvisioningJob, { tenantId: In([tenant.id, settled.id]) });
      for (const entity of [Placement, ProvisioningJob])
        await scene.plane.remove<Placement | ProvisioningJob>(entity, { tenantId: In(busy) });
      await scene.plane.remove(Tenant, { id: In(busy) });
      expect(begun.map(({ operation }) => operation)).toEqual(
        expect.arrayContaining(['purge', 'remove_copy']),
      );
    });

    /** Waits for the restore to fail, starts a purge that fails before erasing anything, and returns it. */
    const halfPurged = async (tenant: { id: string }, restore: string): Promise<string> => {
      jest.spyOn(scene.plane.app.get(EraseBackupStep), 'run').mockRejectedValueOnce(broken);
      await scene.reaches(restore, 'failed');
      await overdue(tenant);
      const job = await newestJob(tenant);
      await scene.reaches(job, 'failed');
      return job;
    };
    const isNotRestored = async (restore: string): Promise<void> => {
      for (const action of ['retry', 'rollback'] as const) {
        const answer = await scene.act(restore, action);
        expect(refusal(answer)).toEqual([409, 'invalid_transition']);
        expect(answer.body.detail).toMatch(/purge \(job .*If its purge has started, retry the purge/);
      }
    };

    it('cannot be restored by retrying an older restore once its purge has begun', async () => {
      jest.spyOn(scene.plane.app.get(ReinstateStep), 'run').mockRejectedValueOnce(broken);
      const tenant = await gone();
      const restore = await importing(tenant);
      expect((await sayImported(scene.cell, entryOf(tenant.id)?.transfer?.id ?? '')).status).toBe(204);
      const purging = await halfPurged(tenant, restore);
      await isNotRestored(restore);
      await scene.act(purging, 'retry').expect(202);
      await pulled(tenant.id, (entry) => entry.purge?.job_id === purging);
      await scene.report(tenant.id, 'applied');
      await scene.reaches(purging, 'succeeded');
      expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'deleted' });
    });

    it('is not purged by an earlier job once the tenant is active again', async () => {
      const tenant = await gone();
      jest.spyOn(scene.plane.app.get(EraseBackupStep), 'run').mockRejectedValueOnce(broken);
      await overdue(tenant);
      const purging = await newestJob(tenant);
      await scene.reaches(purging, 'failed');
      await scene.plane.change(Tenant, { id: tenant.id }, { status: 'active', restorableUntil: null });
      const answer = await scene.act(purging, 'retry');
      expect(refusal(answer)).toEqual([409, 'invalid_transition']);
      expect(answer.body.detail).toMatch(/ is active\. This job \(purge\) can .*deprovision it again/);
      expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'active' });
    });

    const deprovisionedOfCustomer = async (deployment_model: string) => {
      const { body } = await scene.plane.provision({ deployment_model }).expect(202);
      const { id, slug, tenant_plane_id: planeId } = body.tenant;
      const theirs = new PlaneSimulator(scene.plane.url, scene.plane.clock, planeId, body.install);
      await theirs.enrol();
      await theirs.serve(id);
      await scene.reaches(body.job.id, 'succeeded');
      await scene.reaches((await begin({ id, slug })).job, 'succeeded');
      return { id, planeId } as { id: string; planeId: string };
    };

    it("cannot be restored to a customer's plane once its purge has begun", async () => {
      const tenant = await deprovisionedOfCustomer('hybrid');
      const { body } = await scene.plane.post(`/api/tenants/${tenant.id}/restore`).expect(202);
      const tokens = `/api/tenants/${tenant.id}/provisioning-tokens`;
      await scene.reaches(body.job.id, 'waiting');
      await scene.plane.delete(`${tokens}/${body.install.token_id}`).expect(204);
      const purging = await halfPurged(tenant, body.job.id);
      await isNotRestored(body.job.id);
      // Even a new token, which the restore had been waiting for, does not resume the restore.
      await scene.plane.post(tokens, {}).expect(201);
      expect(await scene.job(body.job.id)).toMatchObject({ status: 'failed' });
      await scene.act(purging, 'retry').expect(202);
      await scene.reaches(purging, 'succeeded');
      expect(await scene.plane.rows(TenantPlane, { id: tenant.planeId })).toMatchObject([
        { status: 'retired' },
      ]);
    });

    it("is restored to the customer's existing plane if a cancelled restore is retried", async () => {
      const tenant = await deprovisionedOfCustomer('on_prem');
      const { body } = await scene.plane.post(`/api/tenants/${tenant.id}/restore`).expect(202);
      await scene.reaches(body.job.id, 'waiting');
      await scene.act(body.job.id, 'cancel').expect(202);
      await scene.reaches(body.job.id, 'cancelled');
      await scene.act(body.job.id, 'retry').expect(202);
      // The rollback revoked the provisioning token.
      await scene.reaches(body.job.id, 'failed');
      await scene.plane.post(`/api/tenants/${tenant.id}/provisioning-tokens`, {}).expect(201);
      await scene.reaches(body.job.id, 'waiting');
      const planes = await scene.plane.rows(Placement, { tenantId: tenant.id });
      expect(planes).toMatchObject([{ tenantPlaneId: tenant.planeId, phase: 'importing', holdsPlace: true }]);
    });

    it('has no valid install bundle left from a failed restore once it is purged', async () => {
      const { id, planeId } = await deprovisionedOfCustomer('on_prem');
      jest.spyOn(scene.plane.app.get(RegisterTenantPlaneStep), 'run').mockRejectedValueOnce(broken);
      const restore = await scene.plane.post(`/api/tenants/${id}/restore`).expect(202);
      await scene.reaches(restore.body.job.id, 'failed');
      await overdue({ id });
      await scene.reaches(await newestJob({ id }), 'succeeded');
      const { clock, url } = scene.plane;
      const enrolment = await new PlaneSimulator(url, clock, planeId, restore.body.install).enrol();
      expect(refusal(enrolment)).toEqual([401, 'bad_signature']);
      expect(await scene.plane.rows(TenantPlane, { id: planeId })).toMatchObject([{ status: 'retired' }]);
    });

    it('is not certified as deleted while a plane may still have its rows', async () => {
      const tenant = await gone();
      jest.spyOn(scene.plane.app.get(RemoveCopiesStep), 'run').mockResolvedValueOnce(done());
      const { tenantPlaneId } = (await scene.plane.rows(Placement, { tenantId: tenant.id }))[0] as Placement;
      const place = { tenantId: tenant.id, tenantPlaneId };
      await scene.plane.change(Placement, place, { holdsPlace: true, phase: 'importing' });
      await overdue(tenant);
      const job = await newestJob(tenant);
      await scene.reaches(job, 'failed');
      expect(await errorOf(job)).toBe('rows_left');
      expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'deprovisioning' });
    });
  });

  it('is deleted at once, and its provisioning job is cancelled, if it was never active', async () => {
    const { id, slug, job: provisioning } = await scene.waiting();
    const placed = await scene.placed();
    const planned = await deprovision(id, slug, '?dry_run=true').expect(200);
    expect(planned.body.plan.restorable_days).toBe(0);
    const { job } = await begin({ id, slug });
    await scene.reaches(job, 'succeeded');
    expect(await scene.tenant(id)).toMatchObject({ status: 'deleted', tenant_plane_id: null });
    expect(await scene.placed()).toBe(placed - 1);
    expect(await scene.job(provisioning)).toMatchObject({
      status: 'cancelled',
      error: { code: 'superseded' },
    });
    expect(refusal(await scene.act(provisioning, 'retry'))).toEqual([409, 'invalid_transition']);
    const { body } = await scene.plane.get(`/api/tenants/${id}/deletion-certificate`).expect(200);
    expect(body.claims).toMatchObject({ sub: id, rows_removed: {} });
  });

  it('has the status failed if the deprovisioning that stopped its provisioning is cancelled', async () => {
    const { id, slug } = await scene.waiting();
    const claim = jest.spyOn(scene.plane.app.get(ProvisioningJobs), 'claim').mockResolvedValue(null);
    const { job } = await begin({ id, slug });
    await scene.act(job, 'cancel').expect(202);
    claim.mockRestore();
    await scene.looksAgain(job);
    await scene.reaches(job, 'cancelled');
    expect(await scene.tenant(id)).toMatchObject({ status: 'failed' });
    const left = await scene.plane.get(`${JOBS}?needs_attention=true&tenant_id=${id}`);
    expect(left.body.items).toEqual([]);
    const again = await begin({ id, slug });
    await scene.reaches(again.job, 'succeeded');
    expect(await scene.tenant(id)).toMatchObject({ status: 'deleted' });
  });

  it('is active after a rollback if provisioning succeeded just before the deprovisioning', async () => {
    const { id, slug, job: provisioning } = await scene.waiting();
    const [reached, free] = [new Gate(), new Gate()];
    const audit = scene.plane.app.get(Audit);
    const record = audit.record.bind(audit);
    const ending = jest.spyOn(audit, 'record').mockImplementation(async (manager, entry) => {
      if (entry.action === 'job.succeeded') {
        // Waits for the job's last write, which started at the same time as this transaction.
        await manager.query('select 1');
        reached.open();
        await free.opened;
      }
      await record(manager, entry);
    });
    // The report's transaction ends the job.
    const reported = scene.report(id, 'applied');
    await reached.opened;
    ending.mockRestore();
    const accepted = deprovision(id, slug).then();
    if (driver === 'postgres')
      await eventually(async () => (await lockWaits(scene.plane.app.get(Database))) >= 1, { everyMs: 5 });
    free.open();
    await reported;
    const { status, body } = await accepted;
    expect([status, (await scene.job(provisioning)).status]).toEqual([202, 'succeeded']);
    const [going] = await scene.plane.rows(ProvisioningJob, { id: body.job.id });
    expect(going?.params).toMatchObject({ status: 'active' });
    await backupOf(id);
    await scene.act(body.job.id, 'cancel').expect(202);
    await scene.act(body.job.id, 'rollback').expect(202);
    await scene.reaches(body.job.id, 'cancelled');
    expect(await scene.tenant(id)).toMatchObject({ status: 'active' });
  });

  it("keeps its rows on the customer's plane, which can enrol again only for a restore", async () => {
    const { body } = await scene.plane.provision({ deployment_model: 'on_prem' }).expect(202);
    const { id, slug, tenant_plane_id } = body.tenant;
    const theirs = new PlaneSimulator(scene.plane.url, scene.plane.clock, tenant_plane_id, body.install);
    await theirs.enrol({ endpoint_url: 'https://atlas.acme.example' });
    await theirs.serve(id);
    await scene.reaches(body.job.id, 'succeeded');

    const { job } = await begin({ id, slug });
    await scene.reaches(job, 'succeeded');
    expect(await scene.plane.rows(TenantPlane, { id: tenant_plane_id })).toMatchObject([
      { status: 'retired' },
    ]);
    expect(await scene.plane.count(ServiceKey, { tenantPlaneId: tenant_plane_id })).toBeGreaterThan(0);
    expect((await theirs.pull()).status).toBe(401);
    expect(await scene.plane.count(Transfer, { tenantId: id })).toBe(0);

    // A restore that is requested again after a cancellation still targets the customer's existing plane.
    const taken = await scene.plane.post(`/api/tenants/${id}/restore`).expect(202);
    expect(taken.body.install.env.ATLAS_PROVISIONING_TOKEN).toEqual(expect.any(String));
    await scene.act(taken.body.job.id, 'cancel').expect(202);
    await scene.reaches(taken.body.job.id, 'cancelled');
    const restoring = await scene.plane.post(`/api/tenants/${id}/restore`).expect(202);
    expect(await scene.plane.rows(TenantPlane, { id: tenant_plane_id })).toMatchObject([
      { status: 'expected', placed: 1 },
    ]);
    const again = new PlaneSimulator(
      scene.plane.url,
      scene.plane.clock,
      tenant_plane_id,
      restoring.body.install,
    );
    expect((await again.enrol({ endpoint_url: 'https://atlas.acme.example' })).status).toBe(200);
    await again.serve(id);
    await scene.reaches(restoring.body.job.id, 'succeeded');
    expect(await scene.tenant(id)).toMatchObject({ status: 'active', tenant_plane_id });
    await again.pull();
    expect(again.tenants.get(id)).toMatchObject({ phase: 'serving', status: 'active' });
  });

  it.each([
    ["that seems newer because of another process's clock", 1, true],
    ['whose plane enrolled later, even if the job did not record the home', -1, false],
  ])('is restored to its home, not to an old copy %s', async (_, cameAt, isNoted) => {
    const { body } = await scene.plane.provision({ deployment_model: 'on_prem' }).expect(202);
    const { id, slug, tenant_plane_id: tenantPlaneId } = body.tenant;
    const theirs = new PlaneSimulator(scene.plane.url, scene.plane.clock, tenantPlaneId, body.install);
    await theirs.enrol();
    await theirs.serve(id);
    await scene.reaches(body.job.id, 'succeeded');
    // Creates a former home that has enrolled again since the tenant left it.
    const [home] = await scene.plane.rows(TenantPlane, { id: tenantPlaneId });
    const [place] = await scene.plane.rows(Placement, { tenantPlaneId });
    const at = (days: number) => new Date(scene.plane.clock.now().getTime() + days * DAY_MS);
    const stale = { id: uuidv7(), name: `${slug}-stale`, enrolledAt: at(1), placed: 0 };
    const left = { tenantPlaneId: stale.id, createdAt: at(cameAt), removeAfter: at(2) };
    await scene.plane.insert(TenantPlane, { ...home, ...stale });
    await scene.plane.insert(Placement, { ...place, ...left, phase: 'retired', holdsPlace: false });

    const { job } = await begin({ id, slug });
    await scene.reaches(job, 'succeeded');
    expect(await scene.plane.rows(TenantPlane, { id: stale.id })).toMatchObject([{ status: 'retired' }]);
    const params = { status: 'active' };
    if (!isNoted) await scene.plane.change(ProvisioningJob, { id: job }, { params });
    await scene.plane.post(`/api/tenants/${id}/restore`).expect(202);
    const expected = await scene.plane.rows(Placement, { tenantId: id, holdsPlace: true });
    expect(expected).toMatchObject([{ tenantPlaneId, phase: 'importing' }]);
  });

  describe('a request to deprovision or restore it', () => {
    it('is refused if confirm_slug is wrong', async () => {
      const { id, slug } = await active();
      for (const query of ['', '?dry_run=true']) {
        const answer = await deprovision(id, `${slug}x`, query);
        expect(refusal(answer)).toEqual([400, 'validation_failed']);
        expect(answer.body.errors).toEqual([{ field: 'confirm_slug', message: expect.any(String) }]);
      }
      expect(await scene.tenant(id)).toMatchObject({ status: 'active' });
    });

    it('is refused during a deprovisioning; a restore is also refused for an active tenant', async () => {
      const { id, slug } = await active();
      expect(refusal(await scene.plane.post(`/api/tenants/${id}/restore`))).toEqual([
        409,
        'invalid_transition',
      ]);
      await begin({ id, slug });
      await backupOf(id);
      expect(refusal(await deprovision(id, slug))).toEqual([409, 'invalid_transition']);
      expect(refusal(await scene.plane.post(`/api/tenants/${id}/restore`))).toEqual([409, 'not_restorable']);
    });
  });

  it('stays unchanged in a dry run, which returns a plan', async () => {
    const { id, slug } = await active();
    const { body } = await deprovision(id, slug, '?dry_run=true').expect(200);
    const names = body.plan.steps.map(({ name }: { name: string }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['stop-serving', 'back-up', 'remove-copies', 'close-tenant']),
    );
    expect(body.plan.restorable_days).toBe(30);
    const jobs = bodyOf<{ items: { operation: string }[] }>(await scene.plane.get(`${JOBS}?tenant_id=${id}`));
    expect(jobs.items.map(({ operation }) => operation)).toEqual(['provision']);
  });

  // This group and the next test come last, because their extra cells would receive other tests' tenants.
  describe('during a move', () => {
    let second: PlaneSimulator;
    let tenant: { id: string; slug: string };
    let home: { tenantId: string; tenantPlaneId: string };
    beforeEach(async () => {
      tenant = await active();
      home = { tenantId: tenant.id, tenantPlaneId: scene.cell.id };
      second = await scene.plane.enrolledCell();
    });
    // Other tests expect new tenants in the scene's cell.
    afterEach(() => scene.plane.change(TenantPlane, { id: Not(scene.cell.id) }, { acceptsTenants: false }));
    const moveTo = async ({ id: tenant_plane_id }: PlaneSimulator): Promise<string> => {
      const body = { deployment_model: 'shared', tenant_plane_id };
      return (await scene.plane.post(`/api/tenants/${tenant.id}/move`, body).expect(202)).body.job.id;
    };
    const pulledBy = <T>(cell: PlaneSimulator, look: (entry: DesiredTenant) => T) =>
      eventually(async () => {
        await cell.pull();
        const entry = cell.tenants.get(tenant.id);
        return entry && look(entry);
      });
    const live = () => scene.plane.rows(Transfer, { tenantId: tenant.id, endedAt: IsNull() });
    const importing = (cell: PlaneSimulator) =>
      pulledBy(cell, ({ phase, transfer }) => phase === 'importing' && transfer);

    it('stops moving even if the deprovisioning is cancelled, and can be moved again', async () => {
      const first = await scene.plane.enrolledCell();
      await moveTo(first);
      await importing(first);
      await scene.plane.change(Placement, home, { phase: 'frozen' });
      const claim = jest.spyOn(scene.plane.app.get(ProvisioningJobs), 'claim').mockResolvedValue(null);
      const { job } = await begin(tenant);
      await scene.act(job, 'cancel').expect(202);
      claim.mockRestore();
      await scene.looksAgain(job);
      await scene.reaches(job, 'cancelled');
      expect(await live()).toEqual([]);
      expect(await scene.plane.rows(TenantPlane, { id: first.id })).toMatchObject([{ placed: 0 }]);
      await pulledBy(scene.cell, ({ phase, status }) => phase === 'serving' && status === 'active');
      await moveTo(second);
      await importing(second);
      expect(await live()).toMatchObject([{ targetPlaneId: second.id, sourcePlaneId: scene.cell.id }]);
    });

    it('stays at its home if the transfer is for a plane other than the target', async () => {
      const elsewhere = await scene.plane.enrolledCell();
      const { app } = scene.plane;
      const between = {
        tenantId: tenant.id,
        sourcePlaneId: scene.cell.id,
        targetPlaneId: elsewhere.id,
      };
      await app.get(Database).write((manager) => app.get(Transfers).open(manager, between));
      const job = await moveTo(second);
      await importing(second);
      await scene.reaches(job, 'waiting');
      const [transfer] = await live();
      expect(transfer).toMatchObject({ targetPlaneId: second.id });
      const whole = { attempt: 'only', parts: 1, imported: 1, lastKind: 'last' } as const;
      const wrong = { targetPlaneId: elsewhere.id, ...whole };
      await scene.plane.change(Transfer, { id: transfer?.id ?? '' }, wrong);
      await scene.looksAgain(job);
      await scene.reaches(job, 'cancelled');
      expect((await scene.job(job)).error).toMatchObject({ code: 'no_transfer' });
      expect(await scene.tenant(tenant.id)).toMatchObject({ tenant_plane_id: scene.cell.id });
    });

    it('is not cut over to a plane that enrols with a new key after receiving the rows', async () => {
      await scene.plane.change(Placement, home, { phase: 'frozen' });
      const job = await moveTo(second);
      const leaving = await pulledBy(scene.cell, ({ phase, transfer }) => phase === 'frozen' && transfer);
      await importing(second);
      const enrolled = scene.before('cut-over', async () => {
        const { publicKey } = generateKeyPairSync('x25519');
        const change = { publicKey: publicKey.export({ format: 'jwk' }) as Record<string, unknown> };
        await scene.plane.change(TenantPlane, { id: second.id }, change);
      });
      expect((await sendPart(scene.cell, leaving.id, await sealedPart(leaving, MANIFEST))).status).toBe(200);
      expect((await sayImported(second, leaving.id)).status).toBe(204);
      await enrolled;
      await scene.reaches(job, 'cancelled');
      expect((await scene.job(job)).error).toMatchObject({ code: 'no_transfer' });
      expect(await scene.tenant(tenant.id)).toMatchObject({ tenant_plane_id: scene.cell.id });
    });

    it('can be moved from a home that is already frozen', async () => {
      await scene.plane.change(Placement, home, { phase: 'frozen' });
      await moveTo(second);
      const leaving = await pulledBy(scene.cell, ({ phase, transfer }) => phase === 'frozen' && transfer);
      expect((await sendPart(scene.cell, leaving.id, await sealedPart(leaving, MANIFEST))).status).toBe(200);
      await importing(second);
      expect((await sayImported(second, leaving.id)).status).toBe(204);
      await pulledBy(second, ({ phase }) => phase === 'serving');
    });

    it('appears without a transfer in the entry of a plane that must remove the rows', async () => {
      const job = await moveTo(second);
      await importing(second);
      const coming = { tenantId: tenant.id, tenantPlaneId: second.id };
      await scene.plane.change(Placement, coming, { purgeJobId: job });
      const { tenants } = await second.pullAll();
      expect(tenants).toMatchObject([{ tenant_id: tenant.id, phase: 'retired', purge: { job_id: job } }]);
      expect(tenants[0]).not.toHaveProperty('transfer');
    });
  });

  it('keeps nothing from an interrupted move after a rollback, and can be moved elsewhere', async () => {
    const tenant = await active();
    const [first, second] = [await scene.plane.enrolledCell(), await scene.plane.enrolledCell()];
    const move = async ({ id: tenant_plane_id }: PlaneSimulator): Promise<string> => {
      const body = { deployment_model: 'shared', tenant_plane_id };
      return (await scene.plane.post(`/api/tenants/${tenant.id}/move`, body).expect(202)).body.job.id;
    };
    const placedOn = async ({ id }: PlaneSimulator) =>
      (await scene.plane.rows(TenantPlane, { id })).map(({ placed }) => placed);
    const isPulledBy = (cell: PlaneSimulator, phase: string) =>
      eventually(async () => {
        await cell.pull();
        return cell.tenants.get(tenant.id)?.phase === phase;
      });
    await move(first);
    await isPulledBy(first, 'importing');
    const going = await begin(tenant);
    await backupOf(tenant.id);
    await scene.act(going.job, 'cancel').expect(202);
    await scene.act(going.job, 'rollback').expect(202);
    await scene.reaches(going.job, 'cancelled');
    expect(await scene.tenant(tenant.id)).toMatchObject({ status: 'active', tenant_plane_id: scene.cell.id });
    expect(await placedOn(first)).toEqual([0]);

    await pulled(tenant.id, ({ status, transfer }) => status === 'active' && !transfer);
    await scene.report(tenant.id, 'applied');
    await scene.plane.app.get(Chores).run(scene.plane.clock.now());
    const { entry_revision, purge } = await eventually(async () => {
      await first.pull();
      const entry = first.tenants.get(tenant.id);
      return entry?.purge && entry;
    });
    await first.report([{ tenant_id: tenant.id, state: 'failed', entry_revision }]);
    await eventually(async () => {
      const { steps } = await scene.job(purge?.job_id ?? '');
      return steps.find(({ name }) => name === 'await-purge')?.error?.code === 'purge_failed';
    });
    await first.report([{ tenant_id: tenant.id, state: 'applied', entry_revision }]);
    await scene.reaches(purge?.job_id ?? '', 'succeeded');
    await move(second);
    await isPulledBy(second, 'importing');
    expect([await placedOn(first), await placedOn(second)]).toEqual([[0], [1]]);
  });

  it("is backed up and restored with its plane's current key, even after the plane re-enrols", async () => {
    const region = 'another-key';
    let cell = await scene.plane.enrolledCell({ region });
    const { body } = await scene.plane.provision({ region }).expect(202);
    const { id, slug } = body.tenant;
    await cell.serve(id);
    await scene.reaches(body.job.id, 'succeeded');
    /** Enrols a new installation of the plane, and returns its private key. */
    const enrolAgain = async () => {
      const keys = generateKeyPairSync('x25519');
      const path = `/api/tenant-planes/${cell.id}/rotate-secret`;
      const rotated = await scene.plane.post(path, { mode: 'compromised' }).expect(202);
      cell = new PlaneSimulator(scene.plane.url, scene.plane.clock, cell.id, rotated.body.install);
      const public_key = keys.publicKey.export({ format: 'jwk' });
      expect((await cell.enrol({ public_key })).status).toBe(200);
      await scene.reaches(rotated.body.job.id, 'succeeded');
      return keys.privateKey;
    };
    const seen = (look: (entry: DesiredTenant) => unknown) =>
      eventually(async () => {
        await cell.pull();
        const entry = cell.tenants.get(id);
        return entry && look(entry) ? entry : undefined;
      });
    const transfer = async () =>
      (await seen((entry) => entry.transfer !== undefined)).transfer as DesiredTransfer;
    const report = async (state: 'applied' | 'failed') => {
      const entry_revision = cell.tenants.get(id)?.entry_revision ?? 0;
      await cell.report([
        { tenant_id: id, state, entry_revision, ...(state === 'failed' && { error: 'no' }) },
      ]);
    };
    const opens = async ({ key = '' }: DesiredTransfer, mine: KeyObject) =>
      compactDecrypt(key, mine).then(
        () => true,
        () => false,
      );
    /**
     * Makes the plane report that it cannot decrypt the transfer's key. Returns the transfer once the plane
     * can decrypt the key.
     */
    const failsThenOpens = async (mine: KeyObject): Promise<DesiredTransfer> => {
      expect(await opens(await transfer(), mine)).toBe(false);
      await report('failed');
      await eventually(async () => opens(await transfer(), mine), { what: 'the plane gets the key' });
      return transfer();
    };

    const going = await begin({ id, slug });
    await transfer();
    const backup = await failsThenOpens(await enrolAgain());
    await sendPart(cell, backup.id, await sealedPart(backup, MANIFEST));
    await sayImported(cell, backup.id);
    await seen((entry) => entry.purge !== undefined);
    await report('applied');
    await scene.reaches(going.job, 'succeeded');

    const restoring = await scene.plane.post(`/api/tenants/${id}/restore`).expect(202);
    await seen(({ phase, transfer: coming }) => phase === 'importing' && coming);
    /** Begins an import on a plane whose clock shows this time. Returns the HTTP status. */
    const imports = async ({ id: of, generation = 0 }: DesiredTransfer, time: string) =>
      (await takePart(cell, of, runName({ generation, begunAt: new Date(time) }))).status;
    expect(await imports(await transfer(), '2030-01-01T12:00:00Z')).toBe(200);
    const coming = await failsThenOpens(await enrolAgain());
    expect(await imports(coming, '2030-01-01T11:57:00Z')).toBe(200);
    const second = runName({ generation: coming.generation ?? 0, begunAt: new Date('2030-01-01T11:58:00Z') });
    await takePart(cell, coming.id, second);
    await sayImportedBy(cell, coming.id, second);
    await seen(({ phase }) => phase === 'serving');
    await report('applied');
    await scene.reaches(restoring.body.job.id, 'succeeded');
  });
});

describe.each(databasesOfLongSuite('postgres'))(
  'a tenant whose deprovisioning is rolled back after its backup, on %s',
  (driver) => {
    let scene: JobScene;
    let tenant: Traveller;
    let count = 0;
    beforeAll(async () => (scene = await JobScene.set(driver)));
    afterEach(() => jest.restoreAllMocks());
    afterAll(() => scene.plane.close());
    beforeEach(async () => {
      tenant = await Traveller.settle(scene, `region-${(count += 1)}`);
      const broken = new StepFailure('operator', 'broken', 'It broke.', 'Operator: fix it.');
      jest.spyOn(scene.plane.app.get(RemoveCopiesStep), 'run').mockRejectedValueOnce(broken);
    });
    /** Reinstalls the cell after it has been instructed to make the backup, but before it does so. */
    const begunElsewhere = async (): Promise<string> => {
      const job = await tenant.deprovision();
      await tenant.told(({ transfer }) => transfer?.role === 'backup');
      await tenant.installAnew();
      await scene.looksAgain(job);
      return job;
    };
    const rollsBack = async (job: string, end: 'failed' | 'cancelled') => {
      await scene.reaches(job, 'failed');
      await tenant.report();
      await scene.act(job, 'rollback').expect(202);
      await scene.reaches(job, end);
      return scene.job(job);
    };

    it('is served by the installation that made the backup, even if the job began with another', async () => {
      const job = await begunElsewhere();
      const id = await tenant.backUp();
      await rollsBack(job, 'cancelled');
      expect(await scene.plane.rows(Transfer, { id })).toMatchObject([{ keySealed: null }]);
    });

    it('keeps its backup if an earlier installation, which did not make the backup, re-enrols', async () => {
      const { instanceId: instance_id } = tenant.cell;
      const job = await begunElsewhere();
      await tenant.backUp();
      await scene.reaches(job, 'failed');
      await tenant.installAnew({ instance_id });
      expect(await rollsBack(job, 'failed')).toMatchObject({ error: { code: 'home_not_serving' } });
    });

    it('keeps its backup if another installation enrols right before the backup is accepted', async () => {
      const backups = scene.plane.app.get(Backups);
      jest.spyOn(ReadableBackup.prototype, 'read').mockImplementationOnce(async (...of) => {
        const manifest = await backups.read(...of);
        await tenant.installAnew();
        return manifest;
      });
      const job = await tenant.deprovision();
      await tenant.backUp();
      expect(await rollsBack(job, 'failed')).toMatchObject({ error: { code: 'home_not_serving' } });
    });
  },
);
