import { type DesiredTenant } from '@atlas/plane-contract';
import { CommitFaults, EVERY_DATABASE } from '@atlas/testing';
import { TimelineItem } from '../../src/incidents/timeline-item.entity';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { AlertSender } from './alert-sender.fixture';

describe.each(EVERY_DATABASE)('alerts on %s, while COMMITs fail', (driver) => {
  let faults: CommitFaults;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let sender: AlertSender;

  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestTenantPlane.boot(driver, { through: (url) => faults.through(url) });
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
    sender = await AlertSender.create(plane, admin);
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  it('are all stored once they are acknowledged, in one incident, however often they are sent', async () => {
    const alerts = Array.from({ length: 250 }, (_, index) => ({ labels: { instance: `web-${index}` } }));
    faults.begin();
    const statuses: number[] = [];
    while (statuses.at(-1) !== 202) statuses.push((await sender.send(...alerts)).status);
    faults.end();
    expect(faults.count).toBeGreaterThan(1);
    // Alertmanager sends alerts again after any of these, such as 503, or 507 if the disk is full.
    for (const status of statuses.slice(0, -1)) expect(status).toBeGreaterThanOrEqual(500);
    const stored = [...(await sender.alerts('?limit=100')), ...(await sender.alerts('?status=firing'))];
    expect(new Set(stored.map(({ incident_id }) => incident_id)).size).toBe(1);
    expect(await sender.incidents()).toMatchObject([{ status: 'triggered', alert_count: 250 }]);
    // Each part joined the incident once, although parts were sent again after they had been stored.
    const joined = (await plane.rows(tenant, TimelineItem)).filter(({ kind }) => kind === 'alert');
    expect(joined.map(({ data }) => data['count'])).toEqual([100, 100, 50]);
  });
});
