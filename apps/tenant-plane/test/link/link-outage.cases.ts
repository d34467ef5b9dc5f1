import { type DesiredTenant, PLANE_PATHS } from '@atlas/plane-contract';
import { eventually } from '@atlas/testing';
import { type Manner } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { type TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';

const FAILING: readonly Manner[] = ['broken', 'hanging'];

describe('a plane whose Control Plane is down', () => {
  let link: Link;
  let acme: DesiredTenant;

  beforeEach(async () => {
    link = await Link.create('sqlite');
    acme = tenantEntry('acme');
  });
  afterEach(() => link.close());

  async function enrolledPlane(): Promise<{ plane: TestTenantPlane; session: string }> {
    link.control.wanted.put(acme);
    const plane = await link.startPlane();
    await link.reported(acme.tenant_id);
    return { plane, session: (await plane.user(acme, 'admin')).session };
  }

  const report = (plane: TestTenantPlane, session: string) =>
    plane.post('/api/incidents', { title: 'x', severity: 'P1' }, { session });

  it('is ready even if it has never enrolled, and enrols once the Control Plane is up', async () => {
    await link.control.stop();
    const plane = await link.startPlane();
    await plane.get('/health/ready').expect(200);
    await link.logged(/can't be reached/);
    link.control.wanted.put(acme);
    await link.control.listen();
    await link.reported(acme.tenant_id);
  });

  it('serves its tenants, reports the outage, and catches up afterwards', async () => {
    const { plane, session } = await enrolledPlane();
    await link.control.stop();
    await report(plane, session).expect(201);
    const isDown = async (): Promise<boolean> =>
      !(await plane.get('/api/tenant-default', { tenant: 'acme' })).body.control_plane.reachable;
    await eventually(isDown, { what: 'the plane reports the Control Plane as unreachable' });
    await plane.get('/health/ready').expect(200);
    link.control.wanted.put({ ...acme, status: 'suspended' });
    await report(plane, session).expect(201);
    await link.control.listen();
    await eventually(async () => (await report(plane, session)).status === 403);
    await eventually(() => link.control.reported(acme.tenant_id)?.entry_revision === 2);
  });

  it.each(FAILING)('serves its tenants while pulls are %s, and stops in time', async (manner) => {
    const { plane, session } = await enrolledPlane();
    const { control } = link;
    control.manner = manner;
    control.misbehavesAt = [PLANE_PATHS.desiredState];
    control.wanted.put({ ...acme, name: 'Renamed' });
    await eventually(() => control.rebuffs.length > 0, { what: 'a call fails' });
    await report(plane, session).expect(201);
    const startedAt = Date.now();
    await link.stopPlane(plane);
    expect(Date.now() - startedAt).toBeLessThan(5000);
  });

  it.each([PLANE_PATHS.enrol, PLANE_PATHS.report])('stops in time while a call to %s hangs', async (path) => {
    const { control } = link;
    control.misbehavesAt = [path];
    control.manner = 'hanging';
    control.wanted.put(acme);
    const plane = await link.startPlane();
    await eventually(() => control.rebuffs.length > 0, { what: 'the call hangs' });
    const startedAt = Date.now();
    await link.stopPlane(plane);
    expect(Date.now() - startedAt).toBeLessThan(5000);
  });

  it('retries with increasing delays', async () => {
    const { control } = link;
    control.manner = 'broken';
    await link.startPlane();
    await eventually(() => control.rebuffs.length >= 4, { what: 'the plane has tried four times' });
    const gaps = control.rebuffs.slice(1).map((at, i) => at - (control.rebuffs[i] ?? 0));
    // LinkPace first pauses for 0 to 1000 ms, then for 1000 to 1200 ms, and then for 1200 to 1440 ms.
    expect(gaps[1]).toBeGreaterThanOrEqual(990);
    expect(gaps[2]).toBeGreaterThanOrEqual(1190);
  });
});
