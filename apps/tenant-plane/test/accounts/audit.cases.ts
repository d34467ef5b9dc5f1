import { randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { CHAIN_START, type SealedAuditRecord, faultBehind } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE, changesOfEach } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { AuditSealer } from '../../src/audit/audit-sealer';
import { Incidents } from '../../src/incidents/incidents';
import { Pause } from '../pause.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)("a tenant's audit trail on %s", (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let count = 0;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    // Reading a chain seals it, but not while the sealer does.
    await plane.app.get(AuditSealer).onApplicationShutdown();
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`audited-${(count += 1)}`));
    await createIncidents(3);
  });

  const createIncidents = async (howMany: number): Promise<void> => {
    for (let number = 1; number <= howMany; number += 1)
      await plane.post('/api/incidents', { title: `no. ${number}`, severity: 'P3' }, admin).expect(201);
  };
  const chain = async (as: CallOptions = admin): Promise<SealedAuditRecord[]> => {
    const { body } = await plane.get('/api/audit/chain?limit=200', as).expect(200);
    return body.items;
  };
  const faultsOf = (records: readonly SealedAuditRecord[]): string[] =>
    records.flatMap((record, index) => faultBehind(records[index - 1] ?? CHAIN_START, record) ?? []);

  it("is a hash chain that contains no other tenant's entries", async () => {
    const { admin: other } = await plane.tenantWithAdmin(`other-${count}`);
    await plane.post('/api/incidents', { title: 'elsewhere', severity: 'P3' }, other).expect(201);
    await createIncidents(2);
    const [ours, theirs] = [await chain(), await chain(other)];
    expect([ours.length, theirs.length]).toEqual([5, 1]);
    expect([...faultsOf(ours), ...faultsOf(theirs)]).toEqual([]);
    expect((await plane.audit(tenant)).map(({ id }) => id).sort()).toEqual(ours.map(({ id }) => id).sort());
  });

  it('can be read in pages', async () => {
    const { body: first } = await plane.get('/api/audit/chain?limit=2', admin).expect(200);
    expect([first.items.length, first.next_cursor]).toEqual([2, '2']);
    const { body: second } = await plane.get('/api/audit/chain?limit=2&cursor=2', admin).expect(200);
    expect([second.items.length, second.next_cursor]).toEqual([1, null]);
    expect(faultsOf([...first.items, ...second.items])).toEqual([]);
    for (const query of ['cursor=-1', 'cursor=x', 'cursor=2147483648', 'limit=201'])
      await plane.get(`/api/audit/chain?${query}`, admin).expect(400);
  });

  it('is sealed in the background, at the latest when the process stops', async () => {
    await plane.app.get(AuditSealer).onApplicationShutdown();
    expect((await plane.audit(tenant)).map(({ position }) => position)).toEqual([1, 2, 3]);
  });

  // Skipped on SQLite, which allows only one writer at a time.
  const onPostgres = driver === 'postgres' ? it : it.skip;
  onPostgres('is sealed while users keep writing', async () => {
    const pause = Pause.behind(plane.app.get(Incidents, { strict: false }), 'create');
    const writing = plane
      .post('/api/incidents', { title: 'held', severity: 'P3' }, admin)
      .then(({ status }) => status);
    await pause.reached;
    const sealed = await chain();
    pause.release();
    expect([sealed.length, await writing]).toEqual([3, 201]);
  });

  it("is append-only in the database while this plane is the tenant's home", async () => {
    const texts = {
      actorId: 'who',
      targetId: 'what',
      ip: '127.0.0.1',
      traceId: 't',
      before: { a: 1 },
      after: {},
    };
    const [event] = (await plane.audit(tenant)) as [AuditEvent];
    const id = uuidv7(plane.now);
    const { tenant_id: tenantId } = tenant;
    await plane.tenants.write(tenantId, (scope) =>
      scope.insert(AuditEvent, { ...event, ...texts, id, position: null, hash: null }),
    );
    const { columns } = plane.app.get(Database).dataSource.getMetadata(AuditEvent);
    const isRefused = (change: Partial<AuditEvent> | null) =>
      expect(
        plane.tenants.write(tenantId, ({ manager }) => {
          const rows = manager.getRepository(AuditEvent);
          return change ? rows.update({ tenantId, id }, change as object) : rows.delete({ tenantId, id });
        }),
      ).rejects.toThrow('audit_append_only');
    const all = async () => {
      const row = (await plane.audit(tenant)).find((one) => one.id === id) as AuditEvent;
      return changesOfEach(columns, { ...row, position: row.position ?? 1, hash: row.hash ?? 'h' });
    };
    expect(await all()).toHaveLength(columns.length);
    for (const change of await all())
      if (!('position' in change || 'hash' in change)) await isRefused(change);
    await plane.app.get(AuditSealer).seal(tenantId);
    for (const change of [null, ...(await all()), { position: null }, { hash: null }])
      await isRefused(change);
    expect(faultsOf(await chain())).toEqual([]);
  });

  it('is removed when the tenant is purged, even if the tenant was served until the purge', async () => {
    await plane.apply({ tenants: [{ ...tenant, phase: 'retired', purge: { job_id: randomUUID() } }] });
    expect(await plane.audit(tenant)).toEqual([]);
  });
});
