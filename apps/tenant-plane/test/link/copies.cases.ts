import { randomUUID } from 'node:crypto';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { readPlaneRecord } from '../../src/installation/plane-record';
import { planeStatus } from '../../src/installation/plane-status';
import { ReportedEntries } from '../../src/reporting/reported-entries';
import { Reporter } from '../../src/reporting/reporter';
import { Link } from '../linked-plane.fixture';
import { type TestTenantPlane, environmentFor, hostOf, tenantEntry } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('a plane of which there may be copies, on %s', (driver) => {
  let link: Link;
  let plane: TestTenantPlane;

  beforeEach(async () => {
    link = await Link.create(driver);
    plane = await link.startPlane();
    await eventually(() => link.control.reports.length > 0, { what: 'the plane has reported' });
  });
  afterEach(() => link.close());

  const beat = async (): Promise<void> => {
    const reporter = plane.app.get(Reporter);
    // A report that is being sent would count as this one.
    await reporter.settled();
    Object.assign(reporter, { lastSentAt: -Infinity });
    reporter.heartbeat();
    await reporter.settled();
  };
  const noticed = async (): Promise<unknown> => {
    const config = parseEnvironment(TenantPlaneConfig, environmentFor(link.database));
    return planeStatus(config, await readPlaneRecord(config))['copy_noticed_at'];
  };

  it('names its incarnation in reports only once it was restored', async () => {
    expect(link.control.reports.at(-1)).not.toHaveProperty('incarnation');
    const incarnation = randomUUID();
    await plane.identities.update({ incarnation });
    await beat();
    expect(link.control.reports.at(-1)).toMatchObject({ incarnation });
  });

  it('says that it is an outdated copy, keeps serving, and takes it back', async () => {
    const acme = tenantEntry('acme');
    link.control.wanted.put(acme);
    await link.reported(acme.tenant_id);
    link.control.isCopied = true;
    await beat();
    await link.logged(/Another copy of tenant plane .* and this one is outdated/);
    expect(await noticed()).toBeInstanceOf(Date);
    const admin = await plane.user(acme, 'admin');
    const options = { session: admin.session, host: hostOf('acme') };
    await plane.post('/api/incidents', { title: 'Still here', severity: 'P3' }, options).expect(201);
    await beat();
    expect(link.log.lines.filter((line) => line.includes('this one is outdated'))).toHaveLength(1);

    link.control.isCopied = false;
    await beat();
    await link.logged(/the only copy of tenant plane/);
    expect(await noticed()).toBeNull();
  });

  /** To see it fail, let `Reporter.send` mark every entry, or report nothing again in `noteCopy`. */
  it('reports again what the Control Plane has ignored, once this copy counts again', async () => {
    Object.assign(link.control, { isCopied: true, countsUsage: false });
    const acme = tenantEntry('acme');
    link.control.wanted.put(acme);
    await link.reported(acme.tenant_id);
    await link.logged(/this one is outdated/);
    const unreported = () => plane.app.get(ReportedEntries).missing();
    expect(await unreported()).toMatchObject([{ tenantId: acme.tenant_id }]);

    Object.assign(link.control, { isCopied: false, countsUsage: true });
    await beat();
    await eventually(async () => (await unreported()).length === 0, { what: 'it is reported again' });
    const last = link.control.reports.findLast(({ tenants }) => tenants.length > 0);
    expect(last?.tenants).toMatchObject([{ tenant_id: acme.tenant_id, state: 'applied' }]);
  });
});
