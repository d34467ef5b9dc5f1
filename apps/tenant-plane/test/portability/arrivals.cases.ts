import { randomUUID } from 'node:crypto';
import { ChangeTracking, Database, lockedForShare } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock, eventually, setDatabaseTime } from '@atlas/testing';
import { Client } from 'pg';
import { type EntityManager } from 'typeorm';
import { UserWrites } from '../../src/access/user-writes';
import { Audit } from '../../src/audit/audit';
import { Incident } from '../../src/incidents/incident.entity';
import { IncomingTransfer } from '../../src/portability/incoming-transfer';
import { OutgoingTransfer } from '../../src/portability/outgoing-transfer';
import { RunningTransfers } from '../../src/portability/running-transfers';
import { TransferFailed } from '../../src/portability/transfer-failed';
import { TransferRelay } from '../../src/portability/transfer-relay';
import { Transfers } from '../../src/portability/transfers';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { MemoryRelay } from '../memory-relay.fixture';
import { Pause, countRetries, endedOrWaiting } from '../pause.fixture';
import { codecsOf } from '../portable-rows.fixture';
import { type CallOptions, TestTenantPlane, setClock } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('a tenant that moves to or from a plane on %s', (driver) => {
  let plane: TestTenantPlane;
  let relay: MemoryRelay;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    // The plane's link is not running in these tests, so take its lease here.
    await plane.identities.lease.hold(() => Promise.resolve());
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    relay = new MemoryRelay();
    const real = plane.app.get(TransferRelay);
    jest.spyOn(real, 'send').mockImplementation((id, part, sealed) => relay.send(id, part, sealed));
    jest.spyOn(real, 'imported').mockImplementation((...given) => relay.imported(...given));
    jest.spyOn(real, 'receive').mockImplementation((...given) => relay.receive(...given));
    ({ tenant, admin } = await plane.tenantWithAdmin(`comer-${(count += 1)}`));
  });
  afterEach(async () => {
    // Retire this tenant, because the next test's relay serves only that test's tenant.
    await want({ phase: 'retired', transfer: undefined });
    await plane.app.get(Transfers).stop();
    jest.restoreAllMocks();
  });

  const want = async (entry: Partial<DesiredTenant>): Promise<void> => {
    tenant = { ...tenant, ...entry, entry_revision: tenant.entry_revision + 1 };
    const { tenant_id: tenantId, entry_revision: entryRevision } = tenant;
    expect(await plane.apply({ tenants: [tenant] })).toEqual([{ tenantId, entryRevision }]);
    await plane.app.get(Transfers).tend();
  };
  const expectHere = (transferId: string): Promise<void> =>
    want({ phase: 'importing', transfer: { id: transferId, role: 'target' }, moved_to: undefined });
  /** Sends this plane's rows back to this plane, as if they came from another one. */
  const send = async (transferId: string): Promise<void> => {
    const database = plane.app.get(Database);
    const tracking = new ChangeTracking(database);
    const nameRun = () => relay.nameRun();
    const tools = { tenants: plane.tenants, tracking, relay: relay as unknown as TransferRelay, nameRun };
    const { publicKey: recipient } = plane.identities.current;
    const outgoing = { transferId, tenantId: tenant.tenant_id, recipient };
    const sending = new OutgoingTransfer(tools, outgoing, codecsOf(plane));
    sending.freeze();
    await sending.run(new AbortController().signal);
  };
  const row = (): Promise<Tenant> =>
    plane.app.get(Database).read((manager) => manager.findOneByOrFail(Tenant, { id: tenant.tenant_id }));
  const arrived = (transferId: string): Promise<unknown> =>
    eventually(async () => (await row()).importedTransferId === transferId, { what: 'the copy is complete' });
  const read = async (): Promise<number> => (await plane.get('/api/incidents', admin)).status;
  const write = async (title: string): Promise<unknown> => {
    const { status, body } = await plane.post('/api/incidents', { title, severity: 'P3' }, admin);
    return status === 201 ? status : body.code;
  };
  const titles = async (): Promise<string[]> =>
    (await plane.rows(tenant, Incident)).map(({ title }) => title);

  it('can be read once its copy is complete, and written to once the plane is its home', async () => {
    const id = randomUUID();
    expect(await write('before')).toBe(201);
    await send(id);
    await expectHere(id);
    await arrived(id);
    expect([await read(), await write('too early')]).toEqual([200, 'tenant_frozen']);
    await want({ phase: 'serving', transfer: undefined });
    expect([await read(), await write('at home')]).toEqual([200, 201]);
    expect(await titles()).toEqual(['before', 'at home']);
  });

  it('is not served from its old copy while it moves back', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await send(first);
    await expectHere(first);
    await arrived(first);
    await want({ phase: 'serving', transfer: undefined });
    expect(await write('acknowledged')).toBe(201);
    await new ChangeTracking(plane.app.get(Database)).freeze(tenant.tenant_id);
    await want({ phase: 'retired', transfer: undefined, moved_to: 'https://elsewhere.example' });
    await expectHere(second);
    expect([await read(), await write('lost')]).toEqual([404, 'tenant_not_found']);
    // A request that looked up the tenant before the tenant left cannot write its rows either.
    const late = plane.tenants.write(tenant.tenant_id, (scope) =>
      scope.update(Incident, {}, { title: 'lost' }),
    );
    await expect(late).rejects.toMatchObject({ code: 'tenant_frozen' });
    await send(second);
    await arrived(second);
    expect([await read(), await write('too early')]).toEqual([200, 'tenant_frozen']);
    await want({ phase: 'serving', transfer: undefined });
    expect(await write('at home again')).toBe(201);
    expect(await titles()).toEqual(['acknowledged', 'at home again']);
  });

  it('is not served from an incomplete copy, even if the Control Plane requests this', async () => {
    const id = randomUUID();
    expect(await write('before')).toBe(201);
    await expectHere(id);
    const entry = { ...tenant, transfer: undefined, entry_revision: tenant.entry_revision + 1 };
    for (const phase of ['serving', 'frozen'] as const)
      expect(await plane.apply({ tenants: [{ ...entry, phase }] })).toMatchObject([
        { error: expect.stringContaining('is incomplete') },
      ]);
    expect(await read()).toBe(404);
    await send(id);
    await arrived(id);
    await want({ phase: 'serving', transfer: undefined });
    expect([await read(), await titles()]).toEqual([200, ['before']]);
  });

  it('is not served from a database that has not imported it, such as a restored one', async () => {
    const id = randomUUID();
    expect(await write('from before the restore')).toBe(201);
    const home = { ...tenant, requires_copy: id, entry_revision: tenant.entry_revision + 1 };
    const unknown = { ...home, tenant_id: randomUUID(), slug: `unknown-${count}` };
    for (const entry of [home, { ...home, phase: 'frozen' as const }, unknown])
      expect(await plane.apply({ tenants: [entry] })).toMatchObject([
        { code: 'copy_missing', error: expect.stringContaining('missing from this database') },
      ]);
    expect([await read(), await write('into the wrong rows')]).toEqual([404, 'tenant_not_found']);
    await send(id);
    await expectHere(id);
    await arrived(id);
    for (const phase of ['serving', 'frozen', 'serving'] as const)
      await want({ phase, transfer: undefined, requires_copy: id });
    expect([await read(), await write('at home')]).toEqual([200, 201]);
    await want({ requires_copy: undefined });
    expect([await titles(), (await row()).importedTransferId]).toEqual([
      ['from before the restore', 'at home'],
      null,
    ]);
  });

  it('is served from its old copy if its move back failed', async () => {
    const id = randomUUID();
    const moved_to = 'https://elsewhere.example.com';
    expect(await write('before it left')).toBe(201);
    await want({ phase: 'retired', moved_to });
    await expectHere(id);
    await relay.when(() => relay.asked > 0);
    await want({ phase: 'retired', transfer: undefined, moved_to });
    await want({ phase: 'serving', moved_to: undefined, reopened: { job_id: randomUUID() } });
    admin = await plane.user(tenant, 'admin');
    expect([await read(), await write('back')]).toEqual([200, 201]);
    expect(await titles()).toEqual(['before it left', 'back']);
  });

  it('is served from its old copy if the plane missed the cancellation of its move back', async () => {
    const id = randomUUID();
    expect(await write('before it left')).toBe(201);
    await want({ phase: 'retired', moved_to: 'https://elsewhere.example.com' });
    await expectHere(id);
    await relay.when(() => relay.asked > 0);
    await want({ phase: 'serving', transfer: undefined, reopened: { job_id: randomUUID() } });
    admin = await plane.user(tenant, 'admin');
    expect([await read(), await write('back')]).toEqual([200, 201]);
    expect(await titles()).toEqual(['before it left', 'back']);
  });

  it.each([
    ['sees the cancellation', () => want({ phase: 'retired', transfer: undefined })],
    ['misses the cancellation', () => Promise.resolve()],
  ])('is not served from rows partly replaced by a move back, if the plane %s', async (_, cancelled) => {
    const id = randomUUID();
    expect(await write('before it left')).toBe(201);
    await send(id);
    let hasFailed = false;
    // The cast exposes a private method, because no source can be made to send a copy that differs.
    const incoming = IncomingTransfer.prototype as unknown as { compare(): void };
    jest.spyOn(incoming, 'compare').mockImplementation(() => {
      hasFailed = true;
      throw new TransferFailed('The copy differs.');
    });
    await expectHere(id);
    await eventually(() => hasFailed, { what: 'the import has begun' });
    await cancelled();
    const reopened = { job_id: randomUUID() };
    const home = { ...tenant, phase: 'serving', transfer: undefined, reopened } as const;
    const applying = async (entry: DesiredTenant) => plane.apply({ tenants: [entry] });
    for (const more of [1, 2])
      expect(await applying({ ...home, entry_revision: tenant.entry_revision + more })).toMatchObject([
        { code: 'copy_missing' },
      ]);
    // Send no session, because the import may have removed it.
    await plane.get('/api/tenant-default', { tenant: tenant.slug }).expect(404);
  });

  it('is not served again once its rows have been removed', async () => {
    await want({ phase: 'retired', purge: { job_id: randomUUID() } });
    const home = {
      ...tenant,
      phase: 'serving',
      purge: undefined,
      reopened: { job_id: randomUUID() },
    } as const;
    expect(await plane.apply({ tenants: [home] })).toMatchObject([{ code: 'copy_missing' }]);
    tenant = { ...tenant, purge: undefined };
  });

  it('is imported again if another process has taken over its import', async () => {
    const id = randomUUID();
    expect(await write('before')).toBe(201);
    await expectHere(id);
    await relay.when(() => relay.asked > 0);
    // A previous process, paused until now, takes over.
    const another = `${relay.importers[0]}~`;
    relay.importers.push(another);
    await send(id);
    await arrived(id);
    await relay.when(() => relay.asked > relay.parts.length);
    expect(relay.importers).toEqual([expect.any(String), another, expect.any(String)]);
    expect(new Set(relay.importers).size).toBe(3);
    expect(await titles()).toEqual(['before']);
  });

  describe('the names of its import runs', () => {
    it('sort chronologically, even if the clock is set back', async () => {
      const clock = new FixedClock();
      setClock(plane.app, clock);
      const id = randomUUID();
      for (const seconds of [0, -3600, -3600]) {
        const known = relay.importers.length;
        clock.jump(seconds);
        await expectHere(id);
        await relay.when(() => relay.importers.length > known);
        await plane.app.get(Transfers).stop();
      }
      expect(relay.importers).toHaveLength(3);
      expect(relay.importers.toSorted()).toEqual(relay.importers);
    });
  });

  it.each([0, -3600, 3600])(
    'cannot be read once it has been frozen for too long, even if the clock jumps by %d s',
    async (seconds) => {
      const clock = new FixedClock();
      setClock(plane.app, clock);
      ({ tenant, admin } = await plane.tenantWithAdmin(`frozen-${count}`));
      const transfer = {
        id: randomUUID(),
        role: 'source',
        recipient: plane.identities.current.publicKey,
      } as const;
      // The clock of Postgres does not jump with the process's clock.
      const shared = driver === 'postgres' ? new FixedClock() : clock;
      setDatabaseTime(plane.app.get(Database), shared);
      const pass = (passed: number): void => new Set([clock, shared]).forEach((one) => one.advance(passed));
      await want({ phase: 'frozen', transfer });
      pass(59);
      expect(await read()).toBe(200);
      clock.jump(seconds);
      pass(2);
      for (const path of ['/api/incidents', '/api/auth/me']) {
        const { status, body } = await plane.get(path, admin);
        expect([status, body.code]).toEqual([503, 'tenant_frozen']);
      }
      await want({ phase: 'frozen' });
      expect(await read()).toBe(200);
      await want({ phase: 'serving', transfer: undefined });
      pass(120);
      expect(await read()).toBe(200);
    },
  );

  it.each([
    ['starts', 'put'],
    ['stops', 'fence'],
  ])('has its next entry applied without a deadlock while change tracking %s', async (_, step) => {
    const { tenant_id: id } = tenant;
    const lockEntry = async (manager: EntityManager): Promise<void> => {
      await lockedForShare(manager.createQueryBuilder(Tenant, 'tenant').where({ id })).getOne();
    };
    const tracking = new ChangeTracking(plane.app.get(Database), lockEntry);
    await tracking.start(id);
    expect(await write('followed')).toBe(201);
    const retries = countRetries(plane);
    const pause = Pause.before(tracking, step);
    const following = tracking.start(id);
    await pause.reached;
    const next = { ...tenant, transfer: { id: randomUUID(), role: 'source' } } as const;
    const applying = plane.apply({ tenants: [next] });
    await endedOrWaiting(plane, applying);
    pause.release();
    const [applied] = await Promise.all([applying, following]);
    expect([applied, retries()]).toEqual([[{ tenantId: id, entryRevision: next.entry_revision }], 0]);
  });

  it('has only one consent in its audit trail if two are sent at the same time', async () => {
    const transfer = { id: randomUUID(), role: 'source' } as const;
    await plane.apply({ tenants: [(tenant = { ...tenant, transfer })] });
    const pause = Pause.before(plane.app.get(Audit), 'record');
    const agree = () => plane.post('/api/moves/consent', undefined, admin).then(({ body }) => body);
    const first = agree();
    await pause.reached;
    const second = agree();
    await endedOrWaiting(plane, second);
    pause.release();
    const consented = { transfer_id: transfer.id, consented: true };
    expect([await first, await second]).toMatchObject([consented, consented]);
    expect(await plane.audit(tenant, 'move.consented')).toHaveLength(1);
  });

  it('is not consented to by an admin who has seen the move that it replaced', async () => {
    const [seen, current] = [randomUUID(), randomUUID()];
    const agree = (body?: object) => plane.post('/api/moves/consent', body, admin);
    const expectNow = async (id: string): Promise<void> => {
      tenant = { ...tenant, transfer: { id, role: 'source' }, entry_revision: tenant.entry_revision + 1 };
      await plane.apply({ tenants: [tenant] });
    };
    await expectNow(seen);
    // The consent is on its way when the move is replaced.
    const pause = Pause.before(plane.app.get(UserWrites), 'by');
    const late = agree({ transfer_id: seen }).then((answer) => answer);
    await pause.reached;
    await expectNow(current);
    pause.release();
    expect([(await late).status, (await late).body.code]).toEqual([409, 'move_replaced']);
    expect(await row()).not.toMatchObject({ moveConsentId: current });
    expect(await plane.audit(tenant, 'move.consented')).toEqual([]);
    await agree({ transfer_id: 'the first one' }).expect(400);
    for (const body of [{ transfer_id: current.toUpperCase() }, { transfer_id: current }, {}, undefined])
      expect((await agree(body).expect(200)).body).toMatchObject({ transfer_id: current, consented: true });
    expect((await agree({ transfer_id: seen }).expect(409)).body.code).toBe('move_replaced');
    expect(await plane.audit(tenant, 'move.consented')).toHaveLength(1);
  });

  it('is not imported if its rows are to be removed', async () => {
    const transfer = { id: randomUUID(), role: 'target' } as const;
    await want({ phase: 'retired', transfer, purge: { job_id: randomUUID() } });
    expect(plane.app.get(RunningTransfers).size).toBe(0);
    expect((await row()).transfer).toBeNull();
    tenant = { ...tenant, purge: undefined };
  });

  it('is not written to by a transfer that another transfer has replaced', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    expect(await write('kept')).toBe(201);
    await expectHere(first);
    await relay.when(() => relay.asked > 0);
    // The applier does not wait for the first transfer to stop.
    const transfer = { id: second, role: 'target' } as const;
    tenant = { ...tenant, transfer, entry_revision: tenant.entry_revision + 1 };
    await plane.apply({ tenants: [tenant] });
    await send(first);
    await eventually(() => !plane.app.get(RunningTransfers).has(first), { what: 'the first transfer stops' });
    expect([await titles(), (await row()).importedTransferId, await read()]).toEqual([['kept'], null, 404]);
  });

  if (driver === 'postgres') {
    it('is not written to by a replica that has lost its lease', async () => {
      const id = randomUUID();
      expect(await write('before')).toBe(201);
      await expectHere(id);
      await relay.when(() => relay.asked > 0);
      await plane.identities.update({ leaseOwner: 'another replica' });
      await send(id);
      await eventually(() => !plane.app.get(RunningTransfers).has(id), { what: 'the transfer stops' });
      expect([await titles(), (await row()).importedTransferId]).toEqual([['before'], null]);
      await plane.identities.update({ leaseOwner: null });
      await plane.identities.lease.hold(() => Promise.resolve());
      await plane.app.get(Transfers).tend();
      await arrived(id);
    });

    it("does not delay another tenant's entry while its transfer waits for a transaction", async () => {
      const other = await plane.tenant(`other-${count}`);
      const stranger = new Client({ connectionString: plane.database.ownerUrl });
      await stranger.connect();
      try {
        await stranger.query('begin; create table strangers (id int)');
        await want({
          transfer: { id: randomUUID(), role: 'source', recipient: plane.identities.current.publicKey },
        });
        const looks = jest.spyOn(plane.app.get(Database), 'read');
        await eventually(() => looks.mock.calls.length > 3, { what: 'the transfer waits' });
        const { entry_revision } = tenant;
        const entries = [
          { ...tenant, transfer: undefined, entry_revision: entry_revision + 1 },
          { ...other, status: 'suspended', entry_revision: entry_revision + 2 } as const,
        ];
        expect(await plane.apply({ tenants: entries })).toMatchObject([{}, {}]);
        expect((await plane.get('/api/tenant-default', { tenant: other.slug })).status).toBe(403);
        await plane.app.get(Transfers).stop();
        expect(await write('continues')).toBe(201);
      } finally {
        await stranger.end();
      }
    });
  }
});
