import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DesiredTenant } from '@atlas/plane-contract';
import { parseEnvironment } from '@atlas/platform';
import { ENTITLEMENTS_OF_PLANS } from '@atlas/tenancy';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { withInstalledPlane } from '../../src/installation/installed-plane';
import { loadLease } from '../../src/installation/load-lease';
import { type LeaseChanges, LeaseKey } from '../lease-key.fixture';
import {
  type CallOptions,
  type SignedInUser,
  TestTenantPlane,
  environmentFor,
} from '../tenant-plane.fixture';

const ENV = { ATLAS_TP_DEPLOYMENT: 'on_prem' };

/** To see it fail, remove `requireNewer` from `LeaseFiles.store`. */
describe.each(EVERY_DATABASE)('a lease that whoever runs the plane loads, on %s,', (driver) => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-lease-'));
  let now: Date;
  let plane: TestTenantPlane;
  let planeId: string;
  let key: LeaseKey;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  beforeEach(async () => {
    now = new Date();
    plane = await TestTenantPlane.boot(driver, { clock: new FixedClock(now), env: ENV });
    planeId = plane.id;
    key = await LeaseKey.create();
    await plane.identities.update({ keys: [plane.signupKey.published, key.published] });
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
  });
  afterEach(() => plane.close());
  afterAll(() => rmSync(folder, { recursive: true }));

  const signed = (changes: LeaseChanges = {}, by = key): Promise<string> =>
    by.lease({ tenantId: tenant.tenant_id, planeId, now }, changes);
  const loadFile = (text: string, env = ENV): ReturnType<typeof loadLease> => {
    const file = join(folder, `${randomUUID()}.json`);
    writeFileSync(file, text);
    const config = parseEnvironment(TenantPlaneConfig, { ...environmentFor(plane.database), ...env });
    return withInstalledPlane(config, (installed) => loadLease(installed, file));
  };
  const load = (lease: string): ReturnType<typeof loadLease> => loadFile(JSON.stringify({ lease }));
  /** One process at a time may use a SQLite file. */
  const whileStopped = async <T>(work: () => Promise<T>): Promise<T> => {
    await plane.app.close();
    try {
      return await work();
    } finally {
      plane = await TestTenantPlane.open(plane.database, { clock: new FixedClock(now), env: ENV });
    }
  };

  it('ends a suspension, which locks out the admins who could otherwise load it', async () => {
    await plane.post('/api/entitlements/lease', { lease: await signed({ billing: 'suspended' }) }, admin);
    await plane.get('/api/entitlements', admin).expect(403);
    const serial = now.getTime() + 1;
    const paid = await signed({ serial, plan: 'operations', ...ENTITLEMENTS_OF_PLANS.operations });
    const exp = Math.floor(now.getTime() / 1000) + 30 * 24 * 3600;
    await whileStopped(async () => {
      for (let turn = 0; turn < 2; turn += 1)
        expect(await load(paid)).toEqual({
          tenant: 'acme',
          status: 'active',
          plan: 'operations',
          serial,
          expires_at: new Date(exp * 1000),
        });
    });
    const { body } = await plane.get('/api/entitlements', admin).expect(200);
    expect(body).toMatchObject({ plan: 'operations', lease: { serial, state: 'valid' } });
    const [, last, ...more] = await plane.audit(tenant, 'lease.loaded');
    expect(last).toMatchObject({ actorKind: 'plane_operator', targetId: String(serial) });
    expect(more).toEqual([]);
  });

  /** To see it fail, leave out `offered.status` in `LeaseFiles.statusAfter`. */
  it('says whether an operator has suspended the tenant, unless an older version issued it', async () => {
    const at = (n: number): LeaseChanges => ({ serial: now.getTime() + n });
    const paid = await signed({ ...at(2) });
    const resumed = await signed({ ...at(3), status: 'active' });
    await plane.post('/api/entitlements/lease', { lease: await signed(at(0)) }, admin).expect(200);
    const suspended = await signed({ ...at(1), status: 'suspended' });
    await plane.post('/api/entitlements/lease', { lease: suspended }, admin).expect(200);
    await plane.get('/api/entitlements', admin).expect(403);
    await whileStopped(async () => {
      expect(await load(paid)).toMatchObject({ status: 'suspended' });
      expect(await load(resumed)).toMatchObject({ status: 'active' });
    });
    await plane.get('/api/entitlements', admin).expect(200);
  });

  it('is loaded by several admins at once, without a deadlock', async () => {
    const leases = await Promise.all([0, 1, 2, 3].map((n) => signed({ serial: now.getTime() + n })));
    const answers = await Promise.all(
      leases.map((lease) => plane.post('/api/entitlements/lease', { lease }, admin)),
    );
    for (const { status } of answers) expect([200, 409]).toContain(status);
    const { body } = await plane.get('/api/entitlements', admin).expect(200);
    expect(body.lease.serial).toBe(now.getTime() + 3);
  });

  it('is refused with a way on by a plane that has no key for leases yet', async () => {
    await plane.identities.update({ keys: [plane.signupKey.published] });
    const { body } = await plane
      .post('/api/entitlements/lease', { lease: await signed() }, admin)
      .expect(409);
    expect(body).toMatchObject({ code: 'lease_refused', detail: expect.stringContaining('new answer file') });
  });

  it('is refused unless it is the newest one for this tenant on this plane', async () => {
    const newest = await signed();
    const other = await LeaseKey.create();
    const refusals: readonly [Promise<string>, RegExp][] = [
      [signed({ serial: now.getTime() - 1 }), /Load the newest one/],
      [signed({ sub: planeId }), /a tenant that this tenant plane does not have/],
      [signed({ aud: tenant.tenant_id }), /for another tenant plane/],
      [signed({ exp: Math.floor(now.getTime() / 1000) }), /has expired/],
      [signed({}, other), /has signed/],
    ];
    await whileStopped(async () => {
      await load(newest);
      for (const [lease, reason] of refusals) await expect(load(await lease)).rejects.toThrow(reason);
      for (const text of ['no file', '{}', '{"lease": "no lease"}', '[]', 'null'])
        await expect(loadFile(text)).rejects.toThrow(/not a lease file/);
    });
    expect(await plane.audit(tenant, 'lease.loaded')).toHaveLength(1);
  });

  it('is refused where the Control Plane sends the leases', async () => {
    const shared = { ATLAS_TP_DEPLOYMENT: 'shared' };
    const text = JSON.stringify({ lease: await signed() });
    await whileStopped(() => expect(loadFile(text, shared)).rejects.toThrow(/never from files/));
  });

  if (driver === 'postgres')
    it('takes effect while the plane is running, and the newest of two wins', async () => {
      const [older, newer] = [await signed(), await signed({ serial: now.getTime() + 1 })];
      const outcomes = await Promise.allSettled([load(newer), load(newer), load(older)]);
      expect(outcomes.slice(0, 2).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      const { body } = await plane.get('/api/entitlements', admin).expect(200);
      expect(body.lease.serial).toBe(now.getTime() + 1);
    });
});
