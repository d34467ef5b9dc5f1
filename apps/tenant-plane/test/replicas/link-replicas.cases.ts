import { setImmediate as nextTurn } from 'node:timers/promises';
import { Database } from '@atlas/persistence';
import { type DesiredTenant, LinkPace, PLANE_PATHS } from '@atlas/plane-contract';
import { SystemClock } from '@atlas/platform';
import { keyIdOf, mintCredential } from '@atlas/service-auth';
import { eventually } from '@atlas/testing';
import { ControlPlaneClient } from '../../src/control-plane-client/control-plane-client';
import { ControlPlaneUnreachable } from '../../src/control-plane-client/control-plane.errors';
import {
  ControlPlaneLink,
  GIVING_WAY,
  LEASE_RENEWAL_MS,
} from '../../src/control-plane-link/control-plane-link';
import { DesiredStateApplier } from '../../src/control-plane-link/desired-state-applier';
import { type LinkClaim } from '../../src/plane-identity/link-claim';
import { LinkLease } from '../../src/plane-identity/link-lease';
import { PlaneHealth } from '../../src/reporting/plane-health';
import { Reporter } from '../../src/reporting/reporter';
import { SingleTenantFile } from '../../src/tenancy/single-tenant-file';
import { ShiftedClock } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { Pause } from '../pause.fixture';
import { type TestTenantPlane, hostOf, tenantEntry } from '../tenant-plane.fixture';

describe('two replicas of a tenant plane on Postgres', () => {
  let link: Link;
  let replicas: TestTenantPlane[];
  let acme: DesiredTenant;

  beforeAll(async () => {
    link = await Link.create('postgres');
    acme = tenantEntry('acme');
    link.control.wanted.put(acme);
    replicas = await Promise.all([link.startPlane(), link.startPlane()]);
    await link.reported(acme.tenant_id);
  });
  afterAll(() => link.close());

  const isServed = async (plane: TestTenantPlane, slug: string): Promise<boolean> =>
    (await plane.get('/api/tenant-default', { tenant: slug })).status === 200;
  const speakers = (): Set<string> => new Set(link.control.reports.map((report) => report.link_id));
  const speaker = (): TestTenantPlane => {
    const [linkId] = [...speakers()];
    const found = replicas.find((plane) => plane.identities.linkId === linkId);
    if (!found) throw new Error('No replica has reported.');
    return found;
  };

  it('act as one instance, and only one of them enrols, pulls and reports', async () => {
    const [one, other] = replicas.map((plane) => plane.identities.current.instanceId);
    expect(one).toBe(other);
    expect(link.control.enrolments).toHaveLength(1);
    const globex = tenantEntry('globex');
    link.control.wanted.put(globex);
    await link.reported(globex.tenant_id);
    expect(speakers().size).toBe(1);
  });

  // This test runs before the second replica has read what the first has written since the start.
  it('take over from each other, without a second enrolment', async () => {
    const first = speaker();
    await link.stopPlane(first);
    const initech = tenantEntry('initech');
    link.control.wanted.put(initech);
    await link.reported(initech.tenant_id);
    const [second] = replicas.filter((plane) => plane !== first);
    expect(link.control.reports.at(-1)?.link_id).toBe(second?.identities.linkId);
    expect(link.control.enrolments).toHaveLength(1);
    expect(second && (await isServed(second, 'initech'))).toBe(true);
  });

  it('both sign with the next secret, even though only one of them received it', async () => {
    const next = (link.control.nextSecret = mintCredential('ats').value.reveal());
    replicas = [...link.planes, await link.startPlane()];
    link.control.wanted.touch();
    for (const [n, replica] of replicas.entries()) {
      const hasSigned = async (): Promise<boolean> => {
        // Each replica looks up an unknown tenant, because known ones are cached.
        const slug = `elsewhere-${n}-${link.control.askedFor.length}`;
        await replica.get('/', { host: hostOf(slug) });
        return link.control.askedWith.get(slug) === keyIdOf(next);
      };
      await eventually(hasSigned, { what: 'the replica signs with the next secret' });
    }
    expect(link.control.refusals).toEqual([]);
  });

  it('number their reports in one sequence, so that neither looks like a copy', () => {
    const sequences = link.control.reports.map((report) => report.sequence);
    expect(sequences).toEqual(sequences.map((_, i) => i + 1));
  });

  it('both serve what one of them has applied, and report the Control Plane as reachable', async () => {
    await link.startPlane();
    for (const plane of link.planes) {
      await eventually(() => isServed(plane, 'acme'), { what: 'the replica serves the tenant' });
      const isReachable = async (): Promise<boolean> =>
        (await plane.get('/api/tenant-default', { tenant: 'acme' })).body.control_plane.reachable;
      await eventually(isReachable, { what: 'the replica reports the Control Plane as reachable' });
    }
  });
});

describe('a replica that died', () => {
  it('is replaced only when its lease expires', async () => {
    const link = await Link.create('postgres');
    const before = await link.startPlane({ ATLAS_OFFLINE_MODE: '1' });
    const leaseExpiresAt = new Date(Date.now() + 1500);
    await before.identities.update({ leaseOwner: 'a replica that died', leaseExpiresAt });
    await link.stopPlane(before);
    await link.startPlane();
    await eventually(() => link.control.enrolments.length > 0, { what: 'the other takes over' });
    expect(Date.now()).toBeGreaterThanOrEqual(leaseExpiresAt.getTime());
    await link.close();
  });
});

describe('a replica that lost its lease without noticing', () => {
  let link: Link;
  let stopped: TestTenantPlane;
  let other: TestTenantPlane;
  let claim: LinkClaim;
  const acme = tenantEntry('acme');

  beforeAll(async () => {
    link = await Link.create('postgres');
    link.control.wanted.put(acme);
    stopped = await link.startPlane();
    await link.reported(acme.tenant_id);
    other = await link.startPlane();
  });
  afterAll(() => link.close());

  it('applies nothing that it received before another replica took over', async () => {
    const { lease } = stopped.identities;
    ({ claim } = lease);
    // The replica is suspended and renews no lease while a response is in flight.
    const renewal = Pause.before(lease, 'hold');
    const answer = Pause.before(stopped.app.get(DesiredStateApplier), 'accept');
    link.control.wanted.put({ ...acme, name: 'Resumed' });
    await Promise.all([answer.reached, renewal.reached]);
    await other.identities.update({ leaseExpiresAt: new Date(0) });
    link.control.wanted.put({ ...acme, name: 'Suspended', status: 'suspended' });
    const { revision } = link.control.wanted;
    await eventually(() => link.control.reports.at(-1)?.revision === revision, {
      what: 'the other has applied the newest entry',
    });
    answer.release();
    await link.logged(/Dropped the Control Plane's response: Another replica/);
    for (const plane of [stopped, other])
      expect((await plane.get('/api/tenant-default', { tenant: 'acme' })).body.code).toBe('tenant_suspended');
    await other.identities.refresh();
    expect(other.identities.current.revision).toBe(revision);
    renewal.release();
  });

  it('takes no report number, so that it does not look like a copy of the other replica', async () => {
    await expect(stopped.identities.nextSequence(claim.fence)).rejects.toThrow('Another replica');
  });
});

describe('a replica that takes the lease back from another replica', () => {
  const acme = tenantEntry('acme');
  let link: Link;
  let first: TestTenantPlane;
  let second: TestTenantPlane;
  /** The first replica's lease renewal, paused until the second replica stops. */
  let renewal: Pause;

  beforeEach(async () => {
    link = await Link.create('postgres');
    link.control.wanted.put(acme);
    first = await link.startPlane();
    await link.reported(acme.tenant_id);
    second = await link.startPlane();
    renewal = Pause.before(first.identities.lease, 'hold');
    await renewal.reached;
  });
  afterEach(async () => {
    await link.close();
    jest.restoreAllMocks();
  });

  const secondTakesIt = async (): Promise<void> => {
    await second.identities.update({ leaseExpiresAt: new Date(0) });
    await second.app.get(ControlPlaneLink)['tryLease']();
  };
  const secondEnds = async (): Promise<void> => {
    await link.stopPlane(second);
    const before = first.identities.lease.claim;
    renewal.release();
    const isTaken = ({ name }: LinkClaim): boolean => name !== null && name !== before.name;
    await eventually(() => isTaken(first.identities.lease.claim), { what: 'the first takes the lease' });
  };

  it('reports what the other replica applied but could not report', async () => {
    const { control } = link;
    Object.assign(control, { misbehavesAt: [PLANE_PATHS.report], manner: 'broken' });
    await secondTakesIt();
    control.wanted.put({ ...acme, name: 'Renamed' });
    const isApplied = (): boolean => second.identities.current.revision === control.wanted.revision;
    await eventually(isApplied, { what: 'the second has applied the entry' });
    await eventually(() => control.rebuffs.length > 0, { what: 'the report of the second is refused' });
    await link.logged(/Dropped the Control Plane's response: Another replica/);
    await second.app.get(Reporter).settled();
    control.manner = 'proper';
    await secondEnds();
    await eventually(() => control.reported(acme.tenant_id)?.entry_revision === 2, {
      what: 'the entry is reported',
    });
    expect(control.reports.at(-1)?.link_id).toBe(first.identities.linkId);
  });

  it('pulls again at once, even if it was waiting for changes', async () => {
    await secondTakesIt();
    const pulls = link.control.pulls.length;
    await secondEnds();
    await eventually(() => link.control.pulls.slice(pulls).some(({ wait }) => wait === 0), {
      what: 'the first pulls without waiting',
    });
  });

  it('does not report an entry as failed if the other replica has since applied it', async () => {
    const { control } = link;
    const report = Pause.before(first.app.get(PlaneHealth), 'examine');
    jest.spyOn(first.app.get(SingleTenantFile), 'fixTo').mockRejectedValue(new Error('The disk is full.'));
    control.wanted.put({ ...acme, name: 'Renamed' });
    await report.reached;
    await secondTakesIt();
    await eventually(() => control.reported(acme.tenant_id)?.entry_revision === 2, {
      what: 'the second reports',
    });
    await secondEnds();
    report.release();
    const reporter = first.app.get(Reporter);
    await reporter.settled();
    Object.assign(reporter, { lastSentAt: -Infinity });
    const before = control.reports.length;
    reporter.heartbeat();
    await eventually(() => control.reports.length > before, { what: 'the first reports' });
    expect(control.reported(acme.tenant_id)).toMatchObject({ state: 'applied', entry_revision: 2 });
  });

  it('reports in the epoch that the other replica received', async () => {
    const { control } = link;
    const reporter = first.app.get(Reporter);
    await secondTakesIt();
    control.wanted.startAnew({ ...acme, name: 'Restored' });
    const { revision } = control.wanted;
    await eventually(() => control.reports.at(-1)?.revision === revision, { what: 'the second reports' });
    const pull = Pause.before(first.app.get(ControlPlaneClient), 'signed');
    await secondEnds();
    await pull.reached;
    Object.assign(reporter, { lastSentAt: -Infinity });
    const before = control.reports.length;
    reporter.heartbeat();
    await eventually(() => control.reports.length > before, { what: 'the first reports' });
    pull.release();
    expect(control.reports[before]).toMatchObject({ revision, link_id: first.identities.linkId });
  });
});

describe('replicas whose clocks are an hour apart', () => {
  const isOfNow = (time: Date): boolean => Math.abs(time.getTime() - Date.now()) < 600_000;
  let link: Link;
  let ahead: TestTenantPlane;
  let other: TestTenantPlane;
  const acme = tenantEntry('acme');

  beforeAll(async () => {
    link = await Link.create('postgres');
    link.control.wanted.put(acme);
    ahead = await link.startPlane({}, new ShiftedClock(3600));
    await link.reported(acme.tenant_id);
    other = await link.startPlane();
  });
  afterAll(() => link.close());

  it('agree on when a lease expires', async () => {
    await other.identities.refresh();
    const { leaseExpiresAt } = other.identities.current;
    expect(leaseExpiresAt && isOfNow(leaseExpiresAt)).toBe(true);
    const late = new LinkLease(ahead.app.get(Database), new ShiftedClock(3600));
    expect(await late.hold(() => Promise.resolve())).toBe('elsewhere');
  });

  it('agree on the time of the last contact with the Control Plane', async () => {
    for (const plane of [ahead, other]) {
      await plane.identities.refresh();
      const { control_plane } = (await plane.get('/api/tenant-default', { tenant: 'acme' }).expect(200)).body;
      const isRecent = isOfNow(new Date(control_plane.last_contact_at));
      expect([control_plane.reachable, isRecent]).toEqual([true, true]);
    }
  });

  it('do not treat a contact in the future as recent', async () => {
    await other.identities.update({ lastContactAt: new Date(Date.now() + 3600_000) });
    const { body } = await other.get('/api/tenant-default', { tenant: 'acme' }).expect(200);
    expect(body.control_plane.reachable).toBe(false);
  });
});

describe('a replica that holds the link but cannot reach the Control Plane', () => {
  /** A clock whose monotonic time the test sets. */
  class Pushed extends SystemClock {
    aheadMs = 0;
    override monotonicMs(): number {
      return this.aheadMs;
    }
  }
  const clock = new Pushed();
  const [acme, globex] = [tenantEntry('acme'), tenantEntry('globex')];
  let link: Link;
  let holder: TestTenantPlane;
  let cut: jest.SpyInstance;

  beforeEach(async () => {
    jest.spyOn(LinkPace.prototype, 'pauseMs', 'get').mockReturnValue(0);
    link = await Link.create('postgres');
    for (const tenant of [acme, globex]) link.control.wanted.put(tenant);
    holder = await link.startPlane({}, clock);
    await link.reported(acme.tenant_id);
    cut = jest.spyOn(holder.app.get(ControlPlaneClient), 'signed');
    cut.mockImplementation(async () => {
      await nextTurn();
      throw new ControlPlaneUnreachable('It is cut off.');
    });
  });
  afterEach(async () => {
    cut.mockRestore();
    await link.close();
    jest.restoreAllMocks();
  });

  const lookAtLease = (plane: TestTenantPlane): Promise<void> =>
    plane.app.get(ControlPlaneLink)['tryLease']();
  const isReachable = async (plane: TestTenantPlane): Promise<boolean> =>
    (await plane.get('/api/tenant-default', { tenant: 'globex' }).expect(200)).body.control_plane.reachable;
  const givesWay = async (): Promise<void> => {
    // The change completes the waiting pull, and the next pull fails.
    link.control.wanted.put({ ...acme, name: 'Renamed' });
    await eventually(() => cut.mock.calls.length >= GIVING_WAY.afterTurns, {
      what: 'enough turns have failed',
    });
    await lookAtLease(holder);
    await link.logged(/turns in a row failed/);
  };

  it('gives way to another replica, and serves what that replica applies', async () => {
    const other = await link.startPlane();
    await givesWay();
    expect(await isReachable(holder)).toBe(false);
    link.control.wanted.put({ ...acme, status: 'suspended' });
    await lookAtLease(other);
    const reported = (): boolean => link.control.reports.at(-1)?.link_id === other.identities.linkId;
    await eventually(reported, { what: 'the other reports' });
    for (const plane of [holder, other]) {
      const isSuspended = async (): Promise<boolean> =>
        (await plane.get('/api/tenant-default', { tenant: 'acme' })).status === 403;
      await eventually(isSuspended, { what: 'the tenant is suspended' });
    }
    await lookAtLease(holder);
    expect(await isReachable(holder)).toBe(true);
  });

  it('takes the link again at its second check if no other replica has taken it', async () => {
    await givesWay();
    clock.aheadMs += LEASE_RENEWAL_MS;
    await lookAtLease(holder);
    expect(holder.identities.current.leaseOwner).toBeNull();
    cut.mockRestore();
    clock.aheadMs += LEASE_RENEWAL_MS;
    link.control.wanted.put({ ...acme, status: 'suspended' });
    const { revision } = link.control.wanted;
    await lookAtLease(holder);
    const isReported = (): boolean => link.control.reports.at(-1)?.revision === revision;
    await eventually(isReported, { what: 'the change is reported' });
  });
});
