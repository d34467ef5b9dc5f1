import { parseEnvironment } from '@atlas/platform';
import { EVERY_DATABASE } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { Egress } from '../../src/egress/egress';
import { EgressLedger } from '../../src/egress/egress-ledger';
import { readLedger } from '../../src/installation/plane-ledger';
import { readPlaneRecord } from '../../src/installation/plane-record';
import { planeStatus } from '../../src/installation/plane-status';
import { TrustedTime } from '../../src/plane-identity/trusted-time';
import { LeaseKey } from '../lease-key.fixture';
import { Link } from '../linked-plane.fixture';
import {
  type CallOptions,
  type TestTenantPlane,
  environmentFor,
  hostOf,
  tenantEntry,
} from '../tenant-plane.fixture';

const MAIL = { class: 'mail', destination: 'smtp://mail.example.com', fields: ['to'], bytes: 10 } as const;

/**
 * To see it fail: in `recentEgress`, leave out `lookAs`; in `egressSums`, count refused calls as calls; in
 * `planeStatus`, leave out the lease.
 */
describe.each(EVERY_DATABASE)('what operators see of a running plane, on %s', (driver) => {
  let link: Link;
  let plane: TestTenantPlane;
  let admin: CallOptions;
  let config: TenantPlaneConfig;
  const tenant = tenantEntry('acme');
  const serial = Date.now();

  beforeAll(async () => {
    link = await Link.create(driver);
    link.control.model = 'on_prem';
    link.control.wanted.put(tenant);
    plane = await link.startPlane();
    await link.reported(tenant.tenant_id);
    const key = await LeaseKey.create();
    const { keys } = plane.identities.current;
    await plane.identities.update({ keys: [...keys, key.published], latestVersion: '0.3.1' });
    const place = { tenantId: tenant.tenant_id, planeId: link.control.planeId, now: new Date(serial) };
    const lease = await key.lease(place, { serial });
    admin = { session: (await plane.user(tenant, 'admin')).session, host: hostOf('acme') };
    await plane.post('/api/entitlements/lease', { lease }, admin).expect(200);
    const egress = plane.app.get(Egress);
    for (const bytes of [10, 5]) await egress.admit({ ...MAIL, bytes, tenantId: tenant.tenant_id });
    const planted = { ...MAIL, fields: ['bcc'], tenantId: tenant.tenant_id };
    await expect(egress.admit(planted)).rejects.toThrow();
    await plane.app.get(EgressLedger).flush();
    config = parseEnvironment(TenantPlaneConfig, { ...environmentFor(plane.database), ...link.control.env });
  });
  afterAll(() => link.close());

  const held = { serial, state: 'valid', expires_at: expect.anything(), next_effect_at: expect.anything() };
  const mail = { class: 'mail', calls: 2, bytes: 15, refused: 1 };

  it('says over the API how far the plane is behind, what the lease says and what has left', async () => {
    const { body } = await plane.get('/api/deployment', admin).expect(200);
    expect(body).toMatchObject({
      latest_version: '0.3.1',
      behind: true,
      versions_behind: { unit: 'minor', count: 2 },
      control_plane: { reachable: true, last_contact_at: expect.any(String) },
      lease: held,
    });
    expect(body.egress.classes).toContainEqual(mail);
    const [report] = body.egress.classes.filter((one: { class: string }) => one.class === 'plane_report');
    expect([report.calls > 0, report.bytes > 0, report.refused]).toEqual([true, true, 0]);
  });

  it('says the same on the command line, while the plane is running', async () => {
    const status = planeStatus(config, await readPlaneRecord(config));
    expect(status).toMatchObject({
      versions_behind: { unit: 'minor', count: 2 },
      last_contact_at: expect.any(Date),
      tenants: [{ slug: 'acme', lease: held }],
      egress: { classes: expect.arrayContaining([mail]) },
    });
  });

  it('shows no call in the sums that left more than a day ago', async () => {
    const time = plane.app.get(TrustedTime);
    const later = new Date(Date.now() + 26 * 3_600_000);
    const now = jest.spyOn(time, 'now').mockReturnValue(later);
    const { body } = await plane.get('/api/deployment', admin).expect(200);
    now.mockRestore();
    expect(body.egress.classes).not.toContainEqual(expect.objectContaining({ class: 'mail' }));
  });

  it('includes the ledger of the plane and of each tenant, for a span of time', async () => {
    const all = (await readLedger(config, {})).items;
    const owners = new Set(all.map((entry) => entry.tenant));
    expect([...owners].sort()).toEqual(['acme', null].sort());
    const own = (await readLedger(config, { tenant: 'acme' })).items;
    const facts = own.map(({ class: name, count, bytes, refused }) => [name, count, bytes, refused]);
    expect(facts.sort()).toEqual([
      ['mail', 1, 10, true],
      ['mail', 2, 15, false],
    ]);
    expect((await readLedger(config, { to: '2020-01-01T00:00:00Z' })).items).toEqual([]);
    await expect(readLedger(config, { tenant: 'other' })).rejects.toThrow('It has: acme.');
    await expect(readLedger(config, { from: 'yesterday' })).rejects.toThrow('is not a time');
  });
});
