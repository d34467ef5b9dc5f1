import { Database } from '@atlas/persistence';
import { parseEnvironment } from '@atlas/platform';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { Egress } from '../../src/egress/egress';
import { beginRehearsal, endRehearsal, rehearseOutage } from '../../src/installation/outage-rehearsal';
import { RehearsalRecords } from '../../src/outage/rehearsal-records';
import { LinkCutRow } from '../../src/plane-identity/link-cut.entity';
import { LinkCut } from '../../src/plane-identity/link-cut';
import { Link } from '../linked-plane.fixture';
import {
  type CallOptions,
  type Env,
  type TestTenantPlane,
  environmentFor,
  hostOf,
  tenantEntry,
} from '../tenant-plane.fixture';

/**
 * To see it fail: in `Egress.require`, leave out `requireLink`; in `ControlPlaneClient.send`, leave out
 * `linkSignal`; in `beginRehearsal`, leave out the condition on `ends_at`; in `RehearsalRecords.recordFor`,
 * leave out `exists`; in `LinkCut.isCut`, ignore the monotonic clock.
 */
describe.each(EVERY_DATABASE)('a rehearsal of an outage, on %s', (driver) => {
  const tenant = tenantEntry('acme');
  let link: Link;
  let plane: TestTenantPlane;
  let admin: CallOptions;

  beforeEach(async () => {
    link = await Link.create(driver);
    link.control.model = 'on_prem';
    link.control.wanted.put(tenant);
    plane = await link.startPlane();
    await link.reported(tenant.tenant_id);
    admin = { session: (await plane.user(tenant, 'admin')).session, host: hostOf('acme') };
    // The plane now waits for news, in a call that stays open.
    await eventually(() => link.control.pulls.some(({ wait }) => wait > 0), { what: 'a long poll' });
  });
  afterEach(() => link.close());

  const configOf = (own: Env = {}): TenantPlaneConfig => {
    const env = { ...environmentFor(plane.database), ...link.control.env, ATLAS_TP_DEPLOYMENT: 'on_prem' };
    return parseEnvironment(TenantPlaneConfig, { ...env, PORT: new URL(plane.url).port, ...own });
  };
  const isReachable = async (on = plane): Promise<boolean> =>
    (await on.get('/api/tenant-default', { host: hostOf('acme') })).body.control_plane.reachable;
  const cutOn = (on: TestTenantPlane): boolean => on.app.get(LinkCut).isCut;
  const isCut = () => eventually(() => cutOn(plane), { what: 'the link is cut' });
  const recorded = async (): Promise<string[]> => {
    const events = await plane.audit(tenant);
    return events.map(({ action }) => action).filter((action) => action.startsWith('outage_rehearsal'));
  };

  it('ends every call to the Control Plane, but none of the tenant, until it is ended', async () => {
    const rehearsal = await beginRehearsal(configOf(), 5);
    await isCut();
    await eventually(async () => !(await isReachable()), { what: 'the plane notices' });
    const { length: before } = link.control.pulls;
    await expect(plane.app.get(Egress).addressesOf('localhost')).rejects.toThrow('the link is cut');
    await plane.post('/api/incidents', { title: 'Disk full', severity: 'P2' }, admin).expect(201);
    await link.logged(/the link is cut, because an outage is being rehearsed/);
    expect(link.control.pulls).toHaveLength(before);
    await eventually(async () => (await recorded()).length === 1, { what: 'the beginning is recorded' });
    await expect(beginRehearsal(configOf(), 5)).rejects.toThrow('is being rehearsed already');
    await endRehearsal(configOf(), rehearsal);
    await eventually(() => isReachable(), { what: 'the plane is back', timeoutMs: 15_000 });
    await eventually(async () => (await recorded()).length === 2, { what: 'the end is recorded' });
    const events = await plane.audit(tenant);
    const [begun, ended] = events.filter(({ action }) => action.startsWith('outage_rehearsal'));
    expect(begun).toMatchObject({ action: 'outage_rehearsal.begun', actorKind: 'plane_operator' });
    expect(ended).toMatchObject({ action: 'outage_rehearsal.ended', targetId: rehearsal.id });
  });

  /** To see it fail, let `RehearsalRecords.recordFor` not ask for the record of the beginning. */
  it('is not recorded for a tenant that has arrived since, even by a process that starts later', async () => {
    // A SQLite file has one tenant.
    if (driver === 'sqlite') return;
    const rehearsal = await beginRehearsal(configOf(), 5);
    await eventually(async () => (await recorded()).length === 1, { what: 'the beginning is recorded' });
    await endRehearsal(configOf(), rehearsal);
    await eventually(async () => (await recorded()).length === 2, { what: 'the end is recorded' });
    await eventually(() => isReachable(), { what: 'the plane is back', timeoutMs: 15_000 });
    const later = tenantEntry('beta');
    link.control.wanted.put(later);
    await link.reported(later.tenant_id);
    Object.assign(plane.app.get(RehearsalRecords), { done: undefined });
    for (let looks = 0; looks < 2; looks += 1) await plane.app.get(LinkCut).look();
    const actions = (await plane.audit(later)).map(({ action }) => action);
    expect(actions.filter((action) => action.startsWith('outage_rehearsal'))).toEqual([]);
    expect(await recorded()).toHaveLength(2);
  });

  it('is begun by only one of two commands at the same time', async () => {
    const begun = await Promise.allSettled([beginRehearsal(configOf(), 1), beginRehearsal(configOf(), 1)]);
    expect(begun.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('ends at the deadline by itself, even if the command has died and the database fails', async () => {
    await beginRehearsal(configOf(), 1);
    await isCut();
    const database = plane.app.get(Database);
    const endsAt = new Date((await database.now()).getTime() + 3000);
    await database.write((manager) => manager.update(LinkCutRow, { id: 1 }, { endsAt }));
    // The first look may have begun before the change.
    for (let looks = 0; looks < 2; looks += 1) await plane.app.get(LinkCut).look();
    expect(cutOn(plane)).toBe(true);
    jest.spyOn(plane.app.get(LinkCut), 'look').mockRejectedValue(new Error('The database is gone.'));
    await eventually(() => !cutOn(plane), { what: 'the link is restored' });
  });

  it('is refused if it is too long, or if there is no link to cut', async () => {
    for (const minutes of [0, 61, 1.5, NaN])
      await expect(beginRehearsal(configOf(), minutes)).rejects.toThrow('from 1 to 60 whole minutes');
    await expect(beginRehearsal(configOf({ ATLAS_OFFLINE_MODE: '1' }), 5)).rejects.toThrow('runs offline');
    await link.control.stop();
    await plane.identities.update({ lastContactAt: new Date(Date.now() - 120_000) });
    await expect(beginRehearsal(configOf(), 5)).rejects.toThrow('no contact with the Control Plane');
    expect(cutOn(plane)).toBe(false);
    await link.control.listen();
  });

  it('reports what was promised and what was observed, and how long the return took', async () => {
    const ended = new AbortController();
    const reported = rehearseOutage(configOf(), 1, ended.signal);
    await isCut();
    const since = performance.now();
    await eventually(() => performance.now() - since > 6000, { what: 'some calls are tried' });
    ended.abort();
    const report = await reported;
    expect(report).toMatchObject({
      was_interrupted: true,
      was_cut: true,
      return_seconds: expect.any(Number),
    });
    const of = (key: string) => report.capabilities.find((one) => one.key === key);
    expect(of('incidents')).toMatchObject({ promised: 'works', failed: 0, kept: true });
    expect(of('ai')).toMatchObject({ promised: 'refused', calls: 0, kept: null });
  });
});

describe('a rehearsal of an outage with two replicas', () => {
  it('cuts the link of both, and is recorded once', async () => {
    const link = await Link.create('postgres');
    try {
      const tenant = tenantEntry('acme');
      link.control.wanted.put(tenant);
      const planes = [await link.startPlane(), await link.startPlane()];
      await link.reported(tenant.tenant_id);
      const [first] = planes as [TestTenantPlane, TestTenantPlane];
      const env = { ...environmentFor(first.database), ...link.control.env };
      const config = parseEnvironment(TenantPlaneConfig, env);
      const rehearsal = await beginRehearsal(config, 5);
      const cuts = planes.map(({ app }) => app.get(LinkCut));
      for (let turn = 0; turn < 3; turn += 1) await Promise.all(cuts.map((cut) => cut.look()));
      expect(cuts.map((cut) => cut.isCut)).toEqual([true, true]);
      await endRehearsal(config, rehearsal);
      for (let turn = 0; turn < 3; turn += 1) await Promise.all(cuts.map((cut) => cut.look()));
      expect(cuts.map((cut) => cut.isCut)).toEqual([false, false]);
      const actions = (await first.audit(tenant)).map(({ action }) => action);
      expect(actions.filter((action) => action.startsWith('outage_rehearsal'))).toEqual([
        'outage_rehearsal.begun',
        'outage_rehearsal.ended',
      ]);
    } finally {
      await link.close();
    }
  });
});
