import { type DesiredTenant } from '@atlas/plane-contract';
import { keyIdOf, mintCredential } from '@atlas/service-auth';
import { eventually } from '@atlas/testing';
import { DesiredStateApplier } from '../../src/control-plane-link/desired-state-applier';
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
    if (!found) throw new Error('Nobody has reported.');
    return found;
  };

  it('are one instance, of which one enrols, pulls and reports', async () => {
    const [one, other] = replicas.map((plane) => plane.identities.current.instanceId);
    expect(one).toBe(other);
    expect(link.control.enrolments).toHaveLength(1);
    const globex = tenantEntry('globex');
    link.control.wanted.put(globex);
    await link.reported(globex.tenant_id);
    expect(speakers().size).toBe(1);
  });

  // At once: the other has not yet looked at what the first has written since they started.
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

  it('all sign with the next secret that one of them was handed', async () => {
    const next = (link.control.nextSecret = mintCredential('ats').value.reveal());
    replicas = [...link.planes, await link.startPlane()];
    link.control.wanted.touch();
    for (const [n, replica] of replicas.entries()) {
      const hasSigned = async (): Promise<boolean> => {
        // Each asks for a tenant that it does not know; what it has learned is asked once.
        const slug = `elsewhere-${n}-${link.control.askedFor.length}`;
        await replica.get('/', { host: hostOf(slug) });
        return link.control.askedWith.get(slug) === keyIdOf(next);
      };
      await eventually(hasSigned, { what: 'the replica signs with the next secret' });
    }
    expect(link.control.refusals).toEqual([]);
  });

  it('count their reports on, so that none looks like a copy of the other', () => {
    const sequences = link.control.reports.map((report) => report.sequence);
    expect(sequences).toEqual(sequences.map((_, i) => i + 1));
  });

  it('all serve what one has applied, and all say that the Control Plane can be reached', async () => {
    await link.startPlane();
    for (const plane of link.planes) {
      await eventually(() => isServed(plane, 'acme'), { what: 'the replica serves the tenant' });
      const isReachable = async (): Promise<boolean> =>
        (await plane.get('/api/tenant-default', { tenant: 'acme' })).body.control_plane.reachable;
      await eventually(isReachable, { what: 'it says that the Control Plane can be reached' });
    }
  });
});

describe('a replica that died', () => {
  it('is waited for until its lease ends', async () => {
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

describe('a replica that lost its lease unawares', () => {
  let link: Link;
  let stopped: TestTenantPlane;
  let other: TestTenantPlane;
  const acme = tenantEntry('acme');

  beforeAll(async () => {
    link = await Link.create('postgres');
    link.control.wanted.put(acme);
    stopped = await link.startPlane();
    await link.reported(acme.tenant_id);
    other = await link.startPlane();
  });
  afterAll(() => link.close());

  it('applies nothing of what it was told before another one took over', async () => {
    const { lease } = stopped.identities;
    // As one that stands still: it renews nothing, and the answer is on its way.
    const renewal = Pause.before(lease, 'hold');
    const answer = Pause.before(stopped.app.get(DesiredStateApplier), 'accept');
    link.control.wanted.put({ ...acme, name: 'Resumed' });
    await Promise.all([answer.reached, renewal.reached]);
    await other.identities.update({ leaseExpiresAt: new Date(0) });
    link.control.wanted.put({ ...acme, name: 'Suspended', status: 'suspended' });
    const { revision } = link.control.wanted;
    await eventually(() => link.control.reports.at(-1)?.revision === revision, {
      what: 'the other has applied it',
    });
    answer.release();
    await link.logged(/is dropped: Another replica/);
    for (const plane of [stopped, other])
      expect((await plane.get('/api/tenant-default', { tenant: 'acme' })).body.code).toBe('tenant_suspended');
    await other.identities.refresh();
    expect(other.identities.current.revision).toBe(revision);
    renewal.release();
  });

  it('counts no report of its own, so that it does not look like a copy of the other', async () => {
    await expect(stopped.identities.nextSequence()).rejects.toThrow('Another replica');
  });
});
