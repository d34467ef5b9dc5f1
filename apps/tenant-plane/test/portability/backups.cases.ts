import { randomUUID } from 'node:crypto';
import { BACKUP_KEY_TYPE, type DesiredTenant } from '@atlas/plane-contract';
import { CommitFaults, EVERY_DATABASE, eventually } from '@atlas/testing';
import {
  CompactEncrypt,
  type GenerateKeyPairResult,
  type JWK,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
} from 'jose';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { AuditSealer } from '../../src/audit/audit-sealer';
import { User } from '../../src/credentials/user.entity';
import { PlaneIdentities } from '../../src/plane-identity/plane-identities';
import { openPart, sealPart } from '../../src/portability/part';
import { TransferRelay } from '../../src/portability/transfer-relay';
import { Transfers } from '../../src/portability/transfers';
import { Reporter } from '../../src/reporting/reporter';
import { TenantSecrets } from '../../src/tenant-secrets/tenant-secrets';
import { MemoryRelay } from '../memory-relay.fixture';
import { hashesOf } from '../portable-rows.fixture';
import { fillEveryTable } from '../rows.fixture';
import { TestTenantPlane } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('the backup of a tenant being deprovisioned, on %s', (driver) => {
  let plane: TestTenantPlane;
  let relay: MemoryRelay;
  let tenant: DesiredTenant;
  let reports: jest.SpyInstance;
  let count = 0;
  let id: string;
  let faults: CommitFaults;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestTenantPlane.boot(driver, { through: (url) => faults.through(url) });
    // The plane's link is not running in these tests, so take its lease here.
    await plane.identities.lease.hold(() => Promise.resolve());
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  beforeEach(async () => {
    relay = new MemoryRelay();
    const real = plane.app.get(TransferRelay);
    jest.spyOn(real, 'send').mockImplementation(relay.send.bind(relay));
    jest.spyOn(real, 'receive').mockImplementation(relay.receive.bind(relay));
    reports = jest.spyOn(plane.app.get(Reporter), 'reportTransfer').mockReturnValue(undefined);
    id = randomUUID();
    tenant = await plane.tenant(`goes-${(count += 1)}`);
    await fillEveryTable(plane, tenant);
    // Seal now, so that sealing changes no rows later. The sealer's own timer may already be sealing these
    // rows.
    await eventually(
      async () => {
        await plane.app.get(AuditSealer).seal(tenant.tenant_id);
        return (await plane.rows(tenant, AuditEvent)).every(({ position }) => position !== null);
      },
      { what: 'the audit trail is sealed' },
    );
  });
  afterEach(async () => {
    await plane.app.get(Transfers).stop();
    // Stop this tenant's transfer, because the next test's relay serves only that test's tenant.
    await plane.apply({
      tenants: [{ ...tenant, transfer: undefined, entry_revision: tenant.entry_revision + 1 }],
    });
    jest.restoreAllMocks();
  });

  /** The transfer as the Control Plane requests it, with its key encrypted to this plane's public key. */
  async function wanted(role: 'backup' | 'target', pair: GenerateKeyPairResult) {
    const own = await importJWK(plane.app.get(PlaneIdentities).current.publicKey as JWK, 'ECDH-ES');
    const key = await new CompactEncrypt(Buffer.from(JSON.stringify(await exportJWK(pair.privateKey))))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: BACKUP_KEY_TYPE })
      .encrypt(own);
    const recipient = { ...(await exportJWK(pair.publicKey)) };
    return { id, role, key, ...(role === 'backup' && { recipient }) };
  }
  const begin = async (entry: Partial<DesiredTenant>): Promise<void> => {
    tenant = { ...tenant, ...entry, entry_revision: tenant.entry_revision + 1 };
    await plane.apply({ tenants: [tenant] });
    await plane.app.get(Transfers).tend();
  };
  const keys = () => generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  const isVerified = (): boolean => {
    const last = relay.parts.at(-1);
    return !!last && decodeProtectedHeader(last)['kind'] === 'last' && relay.asked > relay.parts.length;
  };
  const contents = () => hashesOf(plane, tenant);
  /** The reports about this test's tenant. The previous test's transfer may still report its failure. */
  const ownReports = (): { error?: string }[] =>
    reports.mock.calls.map(([one]) => one).filter(({ tenantId }) => tenantId === tenant.tenant_id);

  it('is verified by a trial restore, and can restore all rows later', async () => {
    const pair = await keys();
    const place = { table: 'notes', column: 'token_sealed', rowId: 'one' };
    const { tenant_id: tenantId } = tenant;
    const secrets = plane.app.get(TenantSecrets);
    const sealed = await plane.tenants.write(tenantId, (scope) => secrets.seal(scope, place, 'credential'));
    const before = await contents();
    await begin({ status: 'deprovisioning', transfer: await wanted('backup', pair) });
    await eventually(isVerified, { what: 'the backup is verified' });
    expect(reports).not.toHaveBeenCalled();
    await plane.app.get(Transfers).stop();

    await begin({ phase: 'retired', transfer: undefined, purge: { job_id: id } });
    expect(Object.values(await contents()).flat()).toEqual([]);
    relay.asked = 0;
    await begin({ phase: 'importing', purge: undefined, transfer: await wanted('target', pair) });
    await eventually(isVerified, { what: 'the backup is restored' });
    expect(await contents()).toEqual(before);
    await begin({ status: 'active', phase: 'serving', transfer: undefined });
    const opened = await plane.tenants.read(tenantId, (scope) => secrets.open(scope, place, sealed));
    expect(opened.reveal()).toBe('credential');
  });

  it.each([
    ['restored as failed, and starts only after a person has retried it', true, ['failed', 'failed']],
    ['copied by a move as it is', false, ['queued', 'queued']],
  ])('contains a run whose queued step is %s', async (_, isRestore, statuses) => {
    const { session } = await plane.user(tenant, 'admin');
    const ask = { session };
    await plane.put('/api/automation/policy', { level: 5 }, ask).expect(200);
    const shell = {
      name: 'drop',
      kind: 'shell',
      risk: 'low',
      config: { command: 'true' },
      on_failure: 'continue',
    };
    const runbook = (await plane.post('/api/runbooks', { name: 'Drop', steps: [shell] }, ask).expect(201))
      .body;
    const run = (await plane.post(`/api/runbooks/${runbook.id}/runs`, {}, ask).expect(202)).body;
    expect(run.status).toBe('queued');

    const pair = await keys();
    const own = { recipient: { ...plane.app.get(PlaneIdentities).current.publicKey } };
    const transfer = async (role: 'backup' | 'target') =>
      isRestore ? wanted(role, pair) : { id, role, ...own };
    await begin({ status: 'deprovisioning', transfer: await transfer('backup') });
    await eventually(isVerified, { what: 'the backup is verified' });
    await begin({ phase: 'retired', transfer: undefined, purge: { job_id: id } });
    relay.asked = 0;
    await begin({ phase: 'importing', purge: undefined, transfer: await transfer('target') });
    await eventually(isVerified, { what: 'the backup is restored' });
    await begin({ status: 'active', phase: 'serving', transfer: undefined });

    const path = `/api/automation/jobs/${run.id}`;
    const { body } = await plane.get(path, ask).expect(200);
    expect([body.status, body.steps[0].status]).toEqual(statuses);
    const ended = (await plane.audit(tenant, 'run.ended')).filter(({ targetId }) => targetId === run.id);
    expect(ended).toHaveLength(isRestore ? 1 : 0);
    if (!isRestore) return;
    expect(body.steps[0].error.code).toBe('outcome_unknown');
    const { key } = (await plane.post('/api/agents', { name: 'late' }, ask).expect(201)).body;
    await plane.post('/api/agent/claim', {}, { session: key }).expect(204);
    await plane.post(`${path}/retry`, {}, ask).expect(200);
    expect((await plane.post('/api/agent/claim', {}, { session: key }).expect(200)).body.job_id).toBe(run.id);
  });

  it('is imported again by a second restore if the plane missed the cancellation of the first', async () => {
    const pair = await keys();
    await begin({ status: 'deprovisioning', transfer: await wanted('backup', pair) });
    await eventually(isVerified, { what: 'the backup is verified' });
    await begin({ phase: 'retired', transfer: undefined, purge: { job_id: id } });
    for (let turn = 0; turn < 2; turn += 1) {
      relay.asked = 0;
      await begin({ phase: 'importing', purge: undefined, transfer: await wanted('target', pair) });
      await eventually(isVerified, { what: 'the backup is restored' });
    }
    expect(relay.importers).toHaveLength(3);
    await begin({ status: 'active', phase: 'serving', transfer: undefined });
  });

  it('is created and restored even if COMMITs keep failing', async () => {
    const pair = await keys();
    const before = await contents();
    /** Retries until the entry is applied, as the link does. */
    const insist = async (entry: Partial<DesiredTenant>): Promise<void> => {
      tenant = { ...tenant, ...entry, entry_revision: tenant.entry_revision + 1 };
      for (;;) {
        const [applied] = await plane.apply({ tenants: [tenant] });
        if (applied?.error === undefined) break;
        expect(applied).toMatchObject({ isRetried: true, error: expect.not.stringContaining('127.0.0.1') });
      }
      await plane.app.get(Transfers).tend();
    };
    const struck = async (work: () => Promise<void>): Promise<void> => {
      faults.begin();
      await work();
      faults.end();
      expect(faults.count).toBeGreaterThan(0);
    };
    await struck(async () => {
      await insist({ status: 'deprovisioning', transfer: await wanted('backup', pair) });
      await eventually(isVerified, { what: 'the backup is verified' });
      await plane.app.get(Transfers).stop();
    });
    await struck(() => insist({ phase: 'retired', transfer: undefined, purge: { job_id: id } }));
    expect(Object.values(await contents()).flat()).toEqual([]);
    relay.asked = 0;
    await struck(async () => {
      const transfer = await wanted('target', pair);
      await insist({ phase: 'importing', purge: undefined, transfer });
      await eventually(isVerified, { what: 'the backup is restored' });
    });
    expect(await contents()).toEqual(before);
    await struck(() => insist({ status: 'active', phase: 'serving', transfer: undefined }));
    await plane.tenants.write(tenant.tenant_id, (scope) => scope.update(User, {}, { name: 'served again' }));
    const reported = ownReports();
    expect(reported.filter(({ error }) => error !== undefined)).not.toEqual([]);
    for (const one of reported) if (one.error !== undefined) expect(one).toMatchObject({ isRetried: true });
  });

  it('is not counted as verified if a part was altered, and the plane reports the failure', async () => {
    const { receive } = relay;
    jest.spyOn(plane.app.get(TransferRelay), 'receive').mockImplementation(async (...given) => {
      const sealed = await receive.apply(relay, given);
      return sealed && `${sealed.slice(0, -8)}AAAAAAAA`;
    });
    await begin({ status: 'deprovisioning', transfer: await wanted('backup', await keys()) });
    const { tenant_id: tenantId, entry_revision: entryRevision } = tenant;
    await eventually(() => ownReports().length > 0, { what: 'the failure is reported' });
    expect(reports).toHaveBeenCalledWith({ tenantId, entryRevision, error: expect.any(String) }, null);
    expect(isVerified()).toBe(false);
  });

  it('is not counted as verified if a row is missing, and the plane reports the table', async () => {
    const pair = await keys();
    const recipient = { ...(await exportJWK(pair.publicKey)) };
    const { receive } = relay;
    jest.spyOn(plane.app.get(TransferRelay), 'receive').mockImplementation(async (...given) => {
      const sealed = await receive.apply(relay, given);
      if (sealed === null) return null;
      const { header, part } = await openPart(sealed, pair.privateKey);
      const tables = part.tables.map(({ table, rows, ...rest }) => {
        return { table, rows: table === 'incidents' ? rows.slice(1) : rows, ...rest };
      });
      return sealPart({ ...part, tables }, header, recipient);
    });
    await begin({ status: 'deprovisioning', transfer: await wanted('backup', pair) });
    const expected = 'The copy differs from the original in: incidents.';
    const isReported = (): boolean => ownReports().some(({ error }) => error === expected);
    await eventually(isReported, { what: 'the failure is reported' });
    expect(isVerified()).toBe(false);
  });

  it("is created only after the tenant's writes have stopped", async () => {
    await begin({ status: 'deprovisioning', transfer: await wanted('backup', await keys()) });
    await eventually(isVerified);
    const write = plane.tenants.write(tenant.tenant_id, (scope) => scope.update(User, {}, { name: 'late' }));
    await expect(write).rejects.toThrow(/writes are paused/);
  });
});
