import { type MeteredAmount, PLANE_PATHS } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { Reporter } from '../../src/reporting/reporter';
import { UsageReports } from '../../src/reporting/usage-reports';
import { ShiftedClock } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { type CallOptions, type TestTenantPlane, hostOf, tenantEntry } from '../tenant-plane.fixture';

const INCIDENT = { title: 'The disk is full', severity: 'P3' };
const RUNBOOK = { name: 'Look', steps: [{ name: 'look', kind: 'manual', risk: 'low', config: {} }] };

describe.each(EVERY_DATABASE)('the usage that a plane reports on %s', (driver) => {
  // At noon, so that the day does not end during a test.
  const clock = new ShiftedClock(12 * 3600 - ((Date.now() / 1000) % (24 * 3600)));
  let link: Link;
  let plane: TestTenantPlane;
  let made = 0;
  let acme: ReturnType<typeof tenantEntry>;
  let admin: CallOptions;
  beforeAll(async () => {
    link = await Link.create(driver);
    link.control.clock.aheadSeconds = clock.aheadSeconds;
    plane = await link.startPlane({}, clock);
  });
  afterAll(() => link.close());
  beforeEach(async () => {
    link.control.manner = 'proper';
    acme = tenantEntry(`acme-${(made += 1)}`);
    link.control.wanted.put(acme);
    await link.reported(acme.tenant_id);
    admin = { ...(await plane.user(acme, 'admin')), host: hostOf(acme.slug) };
  });

  const today = (): string => clock.now().toISOString().slice(0, 10);
  /** What the Control Plane has counted, as it counts: the highest amount of each day. */
  const counted = (): Record<string, number> => {
    const totals: Record<string, number> = {};
    const amounts = link.control.reports.flatMap(({ usage }) => usage.amounts ?? []);
    for (const { day, meter, amount } of amounts.filter(({ tenant_id }) => tenant_id === acme.tenant_id))
      totals[`${day} ${meter}`] = Math.max(amount, totals[`${day} ${meter}`] ?? 0);
    return totals;
  };
  const beat = (): void => {
    const reporter = plane.app.get(Reporter);
    Object.assign(reporter, { lastSentAt: -Infinity });
    reporter.heartbeat();
  };
  const reaches = (expected: Record<string, number>): Promise<unknown> =>
    eventually(
      () => {
        beat();
        return JSON.stringify(counted()) === JSON.stringify(expected);
      },
      { what: `the usage is ${JSON.stringify(expected)}`, found: () => JSON.stringify(counted()) },
    );
  const due = async (): Promise<readonly MeteredAmount[]> =>
    (await plane.app.get(UsageReports).due()).amounts.filter(({ tenant_id }) => tenant_id === acme.tenant_id);
  const isSettled = (): Promise<boolean> => eventually(async () => (await due()).length === 0);
  const report = (n = 1) => plane.post('/api/incidents', { ...INCIDENT, title: `Incident ${n}` }, admin);
  const source = async (name: string): Promise<string> =>
    (await plane.post('/api/data-sources', { name, kind: 'generic' }, admin).expect(201)).body.key;
  const send = (key: string, ...names: string[]) =>
    plane.post(
      `/api/ingest/generic/${key}`,
      { alerts: names.map((alertname) => ({ status: 'firing', labels: { alertname } })) },
      { host: hostOf(acme.slug) },
    );

  it('is the total of the day so far: alerts of all sources, incidents and runs', async () => {
    const [one, other] = [await source('One'), await source('Other')];
    await send(one, 'a', 'b').expect(202);
    await send(other, 'c').expect(202);
    await send(one, 'a').expect(202);
    await report().expect(201);
    const { body } = await plane.post('/api/runbooks', RUNBOOK, admin).expect(201);
    await plane.post(`/api/runbooks/${body.id}/runs`, {}, admin).expect(202);
    await eventually(
      async () => {
        beat();
        return (
          JSON.stringify(Object.entries(counted()).sort()) ===
          JSON.stringify([
            [`${today()} alerts`, 4],
            [`${today()} incidents`, 4],
            [`${today()} runs`, 1],
          ])
        );
      },
      { found: () => JSON.stringify(counted()) },
    );
    await isSettled();
    await report(2).expect(201);
    await eventually(() => {
      beat();
      return counted()[`${today()} incidents`] === 5;
    });
  });

  it('includes each alert of a source that sends again and again, and none that is refused', async () => {
    const { body } = await plane
      .post('/api/data-sources', { name: 'One', kind: 'generic' }, admin)
      .expect(201);
    await send(body.key, 'a').expect(202);
    await Promise.all(Array.from({ length: 8 }, () => send(body.key, 'a', 'b').expect(202)));
    await reaches({ [`${today()} alerts`]: 17, [`${today()} incidents`]: 2 });
    await send(body.key, 'a').expect(202);
    await reaches({ [`${today()} alerts`]: 18, [`${today()} incidents`]: 2 });
    await plane.patch(`/api/data-sources/${body.id}`, { enabled: false }, admin).expect(200);
    await send(body.key, 'a').expect(403);
    await plane.patch(`/api/data-sources/${body.id}`, { enabled: true }, admin).expect(200);
    await send(body.key, 'a').expect(202);
    await reaches({ [`${today()} alerts`]: 19, [`${today()} incidents`]: 2 });
  });

  it('is sent again if the reply is lost, and only until the reply arrives', async () => {
    link.control.misbehavesAt = [PLANE_PATHS.report];
    link.control.manner = 'broken';
    await report().expect(201);
    await eventually(() => {
      beat();
      return link.control.rebuffs.length > 1;
    });
    expect(await due()).toHaveLength(1);
    link.control.manner = 'proper';
    await reaches({ [`${today()} incidents`]: 1 });
    await isSettled();
  });

  it('stays to be reported as long as a Control Plane of an older version ignores it', async () => {
    link.control.countsUsage = false;
    await report().expect(201);
    await eventually(() => {
      beat();
      return counted()[`${today()} incidents`] === 1;
    });
    await plane.app.get(Reporter).settled();
    expect(await due()).toHaveLength(1);
    link.control.countsUsage = true;
    await eventually(async () => {
      beat();
      return (await due()).length === 0;
    });
  });

  it('is sent again after the Control Plane was restored from a backup', async () => {
    await report().expect(201);
    await reaches({ [`${today()} incidents`]: 1 });
    await isSettled();
    link.control.reports.splice(0);
    link.control.wanted.startNewEpoch();
    await reaches({ [`${today()} incidents`]: 1 });
    await isSettled();
  });

  it('includes what is counted while a report is under way, in the next report', async () => {
    await report().expect(201);
    const usage = plane.app.get(UsageReports);
    const read = await usage.due();
    await report(2).expect(201);
    await usage.settle(read);
    expect(await due()).toMatchObject([{ meter: 'incidents', amount: 2 }]);
    await usage.settle(await usage.due());
    expect(await due()).toEqual([]);
  });

  it('is exact for concurrent writers', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => report(n)));
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    await reaches({ [`${today()} incidents`]: 20 });
  });

  it('does not count what was refused', async () => {
    await plane.post('/api/incidents', { title: '' }, admin).expect(400);
    await report().expect(201);
    await reaches({ [`${today()} incidents`]: 1 });
  });

  it('is reported by the next process of the plane', async () => {
    link.control.misbehavesAt = [PLANE_PATHS.report];
    link.control.manner = 'broken';
    await report().expect(201);
    await link.stopPlane(plane);
    link.control.manner = 'proper';
    plane = await link.startPlane({}, clock);
    await reaches({ [`${today()} incidents`]: 1 });
  });
});
