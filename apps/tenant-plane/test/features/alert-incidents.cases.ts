import { type DesiredTenant } from '@atlas/plane-contract';
import { type TimelineItemView } from '@atlas/tenant-api/incidents';
import { EVERY_DATABASE, FixedClock, eventually } from '@atlas/testing';
import { AlertIncidents } from '../../src/alerts/alert-incidents';
import { Incident } from '../../src/incidents/incident.entity';
import { Pause } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { AlertSender } from './alert-sender.fixture';

describe.each(EVERY_DATABASE)('alerts on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let sender: AlertSender;
  let count = 0;

  beforeAll(async () => (plane = await TestTenantPlane.boot(driver, { clock })));
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`));
    sender = await AlertSender.create(plane, admin);
  });

  const item = async (name: string, fields: object = {}): Promise<string> =>
    (await plane.post('/api/cmdb/items', { name, type: 'server', ...fields }, admin).expect(201)).body.id;
  const timeline = async (id: string): Promise<TimelineItemView[]> =>
    (await plane.get(`/api/incidents/${id}/timeline`, admin).expect(200)).body.items;
  const change = (id: string, fields: object) => plane.patch(`/api/incidents/${id}`, fields, admin);

  it('open an incident on the configuration item that they name', async () => {
    const web = await item('Web server', { key: 'web-1' });
    const labels = { severity: 'critical', ci: 'web-1' };
    const annotations = { summary: 'The disk of web-1 is full', description: '98 % of /var is used.' };
    const receipt = await sender.receipt({ labels, annotations });
    expect(receipt).toEqual({ received: 1, opened: 1, updated: 0, resolved: 0, silenced: 0 });
    const [incident] = await sender.incidents();
    expect(incident).toMatchObject({
      title: 'DiskFull: The disk of web-1 is full',
      description: '98 % of /var is used.',
      severity: 'P1',
      status: 'triggered',
      source: 'alert',
      ci_ids: [web],
      alert_count: 1,
      created_by: null,
      sla: { status: 'on_track' },
    });
    const [alert] = await sender.alerts();
    expect(alert).toMatchObject({ status: 'firing', count: 1, incident_id: incident?.id, ends_at: null });
    expect((await timeline(incident?.id ?? '')).map(({ kind, data }) => [kind, data])).toEqual([
      ['created', { severity: 'P1', status: 'triggered', source: 'alert' }],
      ['alert', { status: 'firing', count: 1, alert_ids: [alert?.id] }],
    ]);
    expect(await plane.audit(tenant, 'incident.created')).toMatchObject([
      { actorKind: 'data_source', actorId: sender.source.id },
    ]);
  });

  it('open nothing when they are repeated', async () => {
    await sender.receipt({});
    clock.advance(60);
    expect(await sender.receipt({})).toMatchObject({ received: 1, opened: 0, updated: 1 });
    expect(await sender.alerts()).toMatchObject([{ count: 2, last_received_at: clock.now().toISOString() }]);
    expect(await sender.incidents()).toMatchObject([{ alert_count: 1 }]);
  });

  it('show what was last sent when they are repeated', async () => {
    const [labels, annotations] = [{ instance: 'web-1', zone: 'a' }, { summary: 'The disk is full' }];
    const startsAt = (minute: number): string => `2026-01-05T08:${minute}:00.000Z`;
    const sent = { fingerprint: 'disk', labels, annotations, starts_at: startsAt(10) };
    await sender.receipt(sent);
    const changes = [
      {},
      { labels: { zone: 'a', instance: 'web-1' } },
      { annotations: { summary: 'The disk is full', hint: 'Delete something' } },
      { labels: { instance: 'web-2', zone: 'a' } },
      { starts_at: startsAt(20) },
    ];
    let [latest, count] = [sent, 1];
    for (const change of changes) {
      latest = { ...latest, ...change };
      const { labels, annotations, starts_at } = latest;
      expect(await sender.receipt(latest)).toMatchObject({ opened: 0, updated: 1 });
      expect(await sender.receipt({ ...latest, starts_at: undefined })).toMatchObject({ updated: 1 });
      const shown = { count: (count += 2), labels: { alertname: 'DiskFull', ...labels }, starts_at };
      expect(await sender.alerts()).toEqual([expect.objectContaining({ ...shown, annotations })]);
    }
  });

  it('share one incident if they belong to one group, and otherwise have their own', async () => {
    const web1 = { labels: { instance: 'web-1', severity: 'warning' } };
    const web2 = { labels: { instance: 'web-2', severity: 'critical' } };
    expect(await sender.receipt(web1, { name: 'HostDown' })).toMatchObject({ opened: 2 });
    expect(await sender.receipt(web2)).toMatchObject({ opened: 0, updated: 1 });
    expect(await sender.incidents()).toMatchObject([
      { title: 'HostDown', alert_count: 1 },
      { title: 'DiskFull', alert_count: 2, severity: 'P1' },
    ]);
  });

  it('are grouped by the labels that the data source names, in any order', async () => {
    const grouped = await AlertSender.create(plane, admin, { group_by: ['cluster', 'alertname'] });
    const labels = { cluster: 'eu', instance: 'web-1' };
    await grouped.receipt({ labels }, { labels: { instance: 'web-2', cluster: 'eu' } });
    await plane
      .patch(`/api/data-sources/${grouped.source.id}`, { group_by: ['alertname', 'cluster'] }, admin)
      .expect(200);
    await grouped.receipt({ labels: { instance: 'web-3', cluster: 'eu' } }, { labels: { cluster: 'us' } });
    expect(await grouped.incidents()).toMatchObject([{ alert_count: 1 }, { alert_count: 3 }]);
  });

  it('resolve their incident once all of them are resolved', async () => {
    const [web1, web2] = [{ labels: { instance: 'web-1' } }, { labels: { instance: 'web-2' } }];
    await sender.receipt(web1, web2);
    expect(await sender.receipt({ ...web1, status: 'resolved' })).toMatchObject({ resolved: 1 });
    expect(await sender.incidents()).toMatchObject([{ status: 'triggered' }]);
    await sender.receipt({ ...web2, status: 'resolved' });
    const [incident] = await sender.incidents();
    expect(incident).toMatchObject({ status: 'resolved', resolved_at: clock.now().toISOString() });
    expect((await timeline(incident?.id ?? '')).map(({ kind, by }) => [kind, by])).toEqual(
      ['created', 'alert', 'alert', 'alert', 'status'].map((kind) => [kind, null]),
    );
    expect(await sender.alerts('?status=firing')).toEqual([]);
  });

  it('reopen their incident within the window of the data source, and open a new one after it', async () => {
    await sender.receipt({});
    await sender.receipt({ status: 'resolved' });
    clock.advance(30 * 60);
    expect(await sender.receipt({})).toMatchObject({ opened: 1 });
    expect(await sender.incidents()).toMatchObject([{ status: 'open', resolved_at: null, alert_count: 1 }]);
    await sender.receipt({ status: 'resolved' });
    clock.advance(30 * 60 + 1);
    expect(await sender.receipt({})).toMatchObject({ opened: 1 });
    expect(await sender.incidents()).toMatchObject([{ status: 'triggered' }, { status: 'resolved' }]);
  });

  it('open a new incident if theirs was closed', async () => {
    await sender.receipt({});
    await sender.receipt({ status: 'resolved' });
    const [first] = await sender.incidents();
    await change(first?.id ?? '', { status: 'closed', resolution_notes: 'Cleaned up.' }).expect(200);
    await sender.receipt({});
    expect(await sender.incidents()).toMatchObject([{ status: 'triggered' }, { status: 'closed' }]);
  });

  it('leave an incident alone that a user has resolved, and join it if the group grows soon', async () => {
    await sender.receipt({ labels: { instance: 'web-1' } });
    const [incident] = await sender.incidents();
    await change(incident?.id ?? '', { status: 'resolved' }).expect(200);
    expect(await sender.receipt({ labels: { instance: 'web-1' } })).toMatchObject({ opened: 0, updated: 1 });
    expect(await sender.incidents()).toMatchObject([{ status: 'resolved' }]);
    expect(await sender.receipt({ labels: { instance: 'web-2' } })).toMatchObject({ opened: 1 });
    expect(await sender.incidents()).toMatchObject([{ status: 'open', alert_count: 2 }]);
  });

  it('find the item by its name if no item has the key, and none if the text is ambiguous', async () => {
    const byKey = await item('db', { key: 'web' });
    await item('web');
    const byName = await item('cache');
    await item('twin');
    await item('twin');
    const names = ['web', 'cache', 'twin', 'unknown'];
    await sender.receipt(...names.map((ci) => ({ name: ci, labels: { ci } })));
    const found = (await sender.incidents()).map(({ title, ci_ids }) => [title, ci_ids]);
    expect(Object.fromEntries(found)).toEqual({ web: [byKey], cache: [byName], twin: [], unknown: [] });
  });

  it.each([
    ['critical', 'P1'],
    ['Error', 'P2'],
    ['major', 'P2'],
    ['high', 'P2'],
    ['warning', 'P3'],
    ['info', 'P4'],
    ['page', 'P3'],
    [undefined, 'P3'],
  ])('with the severity %s open an incident with the severity %s', async (severity, expected) => {
    await sender.receipt({ labels: severity === undefined ? {} : { severity } });
    expect(await sender.incidents()).toMatchObject([{ severity: expected }]);
  });

  it('that begin and end in one request open an incident and resolve it', async () => {
    const receipt = await sender.receipt({}, { status: 'resolved' });
    expect(receipt).toEqual({ received: 2, opened: 1, updated: 0, resolved: 1, silenced: 0 });
    expect(await sender.incidents()).toMatchObject([{ status: 'resolved' }]);
    expect(await sender.alerts()).toMatchObject([{ status: 'resolved', count: 2 }]);
  });

  it('keep the time at which they began, whether their source says when or not', async () => {
    const begun = clock.now().toISOString();
    await sender.receipt({});
    clock.advance(600);
    await sender.receipt({});
    expect(await sender.alerts()).toMatchObject([{ starts_at: begun }]);
    clock.advance(600);
    await sender.receipt({ status: 'resolved' });
    const ended = clock.now().toISOString();
    expect(await sender.alerts()).toMatchObject([{ starts_at: begun, ends_at: ended }]);
    clock.advance(60);
    await sender.receipt({});
    expect(await sender.alerts()).toMatchObject([{ starts_at: clock.now().toISOString(), ends_at: null }]);
  });

  it('go on if the end of an earlier episode arrives late', async () => {
    const at = (minutes: number): string => new Date(clock.now().getTime() - minutes * 60_000).toISOString();
    const first = { starts_at: at(30), ends_at: at(20), status: 'resolved' as const };
    await sender.receipt({ starts_at: at(30) });
    await sender.receipt(first);
    await sender.receipt({ starts_at: at(10) });
    expect(await sender.receipt(first)).toMatchObject({ resolved: 0, updated: 1 });
    expect(await sender.alerts()).toMatchObject([{ status: 'firing', starts_at: at(10) }]);
    expect(await sender.incidents()).toMatchObject([{ status: 'open' }]);
  });

  it('may lack a label that every object has as a property', async () => {
    const grouped = await AlertSender.create(plane, admin, { group_by: ['constructor', 'alertname'] });
    await grouped.receipt({ labels: { severity: 'constructor' } });
    expect(await grouped.incidents()).toMatchObject([{ severity: 'P3' }]);
  });

  it('give their incident a title even if their name and summary are blank', async () => {
    const fingerprint = 'backup-7';
    await sender.receipt({ fingerprint, labels: { alertname: '' }, annotations: { summary: ' ' } });
    expect(await sender.incidents()).toMatchObject([{ title: fingerprint, description: null }]);
  });

  it('arrive once, in one incident per group, if a thousand arrive in one request', async () => {
    const alerts = Array.from({ length: 1000 }, (_, index) => ({
      name: `Alert${index % 4}`,
      labels: { instance: `web-${index}`, ci: `web-${index % 3}` },
    }));
    expect(await sender.receipt(...alerts)).toEqual({
      received: 1000,
      opened: 4,
      updated: 996,
      resolved: 0,
      silenced: 0,
    });
    expect(await sender.incidents()).toMatchObject(Array.from({ length: 4 }, () => ({ alert_count: 250 })));
    const resolved = alerts.map((alert) => ({ ...alert, status: 'resolved' as const }));
    expect(await sender.receipt(...resolved)).toMatchObject({ resolved: 1000 });
    expect((await plane.rows(tenant, Incident)).map(({ status }) => status)).toEqual(
      Array.from({ length: 4 }, () => 'resolved'),
    );
  });

  it('of one source occupy one connection, so other tenants are served in the meantime', async () => {
    const running = jest.spyOn(plane.app.get(AlertIncidents), 'follow');
    const holding = Pause.before(plane.app.get(AlertIncidents), 'follow');
    const refused: number[] = [];
    const sending = Array.from({ length: 30 }, async (_, index) => {
      const { status } = await sender.send({ labels: { instance: `web-${index}` } });
      if (status !== 202) refused.push(status);
      return status;
    });
    await holding.reached;
    // Until all requests have arrived: one is handled, and 20 wait.
    await eventually(() => refused.length === 9);
    expect(new Set(refused)).toEqual(new Set([429]));
    expect(running).toHaveBeenCalledTimes(1);
    if (driver === 'postgres') {
      const other = await plane.tenantWithAdmin(`other-${count}`);
      await plane.post('/api/incidents', { title: 'Disk full', severity: 'P4' }, other.admin).expect(201);
    }
    holding.release();
    const statuses = await Promise.all(sending);
    expect(statuses.filter((status) => status === 202)).toHaveLength(21);
    expect(await sender.incidents()).toMatchObject([{ alert_count: 21 }]);
    running.mockRestore();
  });

  it('of one group open one incident if twenty requests arrive at once', async () => {
    const instances = Array.from({ length: 20 }, (_, index) => `web-${index}`);
    const receipts = await Promise.all(instances.map((instance) => sender.receipt({ labels: { instance } })));
    expect(receipts.filter(({ opened }) => opened === 1)).toHaveLength(1);
    expect(await sender.incidents()).toMatchObject([{ alert_count: 20 }]);
  });
});
