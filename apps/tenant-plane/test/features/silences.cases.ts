import { type DesiredTenant } from '@atlas/plane-contract';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { AlertIncidents } from '../../src/alerts/alert-incidents';
import { Silence } from '../../src/alerts/silence.entity';
import { Audit } from '../../src/audit/audit';
import { DueWork } from '../../src/due/due-work';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { AlertSender } from './alert-sender.fixture';

describe.each(EVERY_DATABASE)('a silence on %s', (driver) => {
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

  const inMinutes = (minutes: number): string =>
    new Date(clock.now().getTime() + minutes * 60_000).toISOString();
  const post = (fields: object = {}) => {
    const body = {
      matchers: [{ name: 'alertname', value: 'DiskFull' }],
      starts_at: inMinutes(0),
      ends_at: inMinutes(60),
      comment: 'Maintenance',
      ...fields,
    };
    return plane.post('/api/silences', body, admin);
  };
  const silence = async (fields: object = {}): Promise<string> => (await post(fields).expect(201)).body.id;
  const state = async (id: string): Promise<string> =>
    (await plane.get(`/api/silences/${id}`, admin).expect(200)).body.state;
  const sweep = (): Promise<void> => plane.app.get(DueWork).sweep();

  it('keeps alerts from opening incidents, until it ends', async () => {
    const id = await silence();
    expect(await sender.receipt({}, { name: 'HostDown' })).toMatchObject({ opened: 1, silenced: 1 });
    expect(await sender.receipt({})).toMatchObject({ silenced: 1 });
    expect(await sender.incidents()).toMatchObject([{ title: 'HostDown' }]);
    expect(await sender.alerts()).toContainEqual(expect.objectContaining({ silence_id: id, count: 2 }));
    clock.advance(3600);
    await sweep();
    await sweep();
    expect(await sender.incidents()).toMatchObject([{ title: 'DiskFull' }, { title: 'HostDown' }]);
    expect((await sender.alerts()).map(({ silence_id }) => silence_id)).toEqual([null, null]);
    expect(await state(id)).toBe('expired');
  });

  it('opens nothing when it ends if its alerts are resolved', async () => {
    await silence();
    await sender.receipt({});
    expect(await sender.receipt({ status: 'resolved' })).toMatchObject({ resolved: 1 });
    clock.advance(3600);
    await sweep();
    expect(await sender.incidents()).toEqual([]);
  });

  it('ends at once when it is deleted, and its alerts open an incident', async () => {
    const id = await silence();
    await sender.receipt({ labels: { instance: 'web-1' } }, { labels: { instance: 'web-2' } });
    await plane.delete(`/api/silences/${id}`, admin).expect(204);
    await plane.delete(`/api/silences/${id}`, admin).expect(204);
    expect(await sender.incidents()).toMatchObject([{ alert_count: 2 }]);
    expect(await sender.receipt({ labels: { instance: 'web-3' } })).toMatchObject({ updated: 1 });
    expect(await plane.audit(tenant, 'silence.expired')).toHaveLength(1);
    expect(await state(id)).toBe('expired');
  });

  it('hands its alerts over to another silence that applies to them', async () => {
    const first = await silence();
    await sender.receipt({});
    const second = await silence({ ends_at: inMinutes(120) });
    await plane.delete(`/api/silences/${first}`, admin).expect(204);
    expect(await sender.incidents()).toEqual([]);
    expect(await sender.alerts()).toMatchObject([{ silence_id: second }]);
  });

  it('is not needed by alerts that have an incident already', async () => {
    await sender.receipt({});
    await silence();
    expect(await sender.receipt({})).toMatchObject({ updated: 1, silenced: 0 });
    await sender.receipt({ status: 'resolved' });
    expect(await sender.incidents()).toMatchObject([{ status: 'resolved' }]);
    expect(await sender.receipt({})).toMatchObject({ silenced: 1 });
    expect(await sender.incidents()).toMatchObject([{ status: 'resolved' }]);
  });

  it('applies only from its start on', async () => {
    const id = await silence({ starts_at: inMinutes(10) });
    expect(await state(id)).toBe('pending');
    expect(await sender.receipt({ labels: { instance: 'a' } })).toMatchObject({ opened: 1 });
    clock.advance(600);
    expect(await state(id)).toBe('active');
    expect(await sender.receipt({ labels: { instance: 'b' } })).toMatchObject({ silenced: 1 });
  });

  it.each([
    ['whose label matches the whole regular expression', { value: 'Disk.*', is_regex: true }, true],
    ['whose label contains a match', { value: 'isk', is_regex: true }, false],
    ['whose label is different', { value: 'HostDown', is_equal: false }, true],
    ['whose label is the same', { value: 'DiskFull', is_equal: false }, false],
    ['whose label does not match', { value: 'Host.*', is_regex: true, is_equal: false }, true],
    ['without the label, as if it were empty', { name: 'team', value: '' }, true],
    ['without the label', { name: 'team', value: '.+', is_regex: true }, false],
  ])('decides about alerts %s', async (_, matcher, isSilenced) => {
    await silence({ matchers: [{ name: 'alertname', ...matcher }] });
    expect(await sender.receipt({})).toMatchObject({ silenced: isSilenced ? 1 : 0 });
  });

  it('applies to alerts that match all its matchers', async () => {
    const matchers = [
      { name: 'alertname', value: 'DiskFull' },
      { name: 'env', value: 'test' },
    ];
    await silence({ matchers });
    const receipt = await sender.receipt({ labels: { env: 'test' } }, { labels: { env: 'production' } });
    expect(receipt).toMatchObject({ opened: 1, silenced: 1 });
  });

  it.each([
    [
      'a regular expression that RE2 does not accept',
      { matchers: [{ name: 'a', value: '(a', is_regex: true }] },
    ],
    ['a back-reference', { matchers: [{ name: 'a', value: '(a)\\1', is_regex: true }] }],
    ['a pattern of 201 characters', { matchers: [{ name: 'a', value: 'a'.repeat(201), is_regex: true }] }],
    ['a pattern with many repetitions', { matchers: [{ name: 'a', value: '.{0,100}', is_regex: true }] }],
    ['a large pattern', { matchers: [{ name: 'a', value: '(.{0,50}){4}', is_regex: true }] }],
    ['an end after the year 9998', { ends_at: '9999-12-31T23:59:59-12:00' }],
    ['an end on February 30', { ends_at: '2030-02-30T00:00:00Z' }],
    ['no matcher', { matchers: [] }],
    ['a list in place of a matcher', { matchers: [[]] }],
    ['an end before its start', { starts_at: inMinutes(20), ends_at: inMinutes(10) }],
    ['an end in the past', { starts_at: '2020-01-01T00:00:00Z', ends_at: '2020-01-02T00:00:00Z' }],
    ['a blank comment', { comment: ' ' }],
  ])('with %s is refused', async (_, fields) => {
    expect((await post(fields)).body).toMatchObject({ status: 400, code: 'validation_failed' });
  });

  it('with a pattern that would take exponential time elsewhere takes no time', async () => {
    await silence({ matchers: [{ name: 'a', value: '(a+)+$', is_regex: true }] });
    expect(await sender.receipt({ labels: { a: `${'a'.repeat(900)}b` } })).toMatchObject({ opened: 1 });
  });

  it('is one of at most a hundred, even if two are created at once', async () => {
    const id = await silence();
    const [row] = await plane.rows(tenant, Silence);
    const others = Array.from({ length: 98 }, () => ({ ...(row as Silence), id: uuidv7(clock.now()) }));
    await plane.tenants.write(tenant.tenant_id, (scope) => scope.put(Silence, others));
    const paused = Pause.before(plane.app.get(Audit), 'record');
    const first = post().then();
    await paused.reached;
    const second = post().then();
    await endedOrWaiting(plane, second);
    paused.release();
    expect((await first).status).toBe(201);
    expect((await second).body).toMatchObject({ status: 409, code: 'too_many_silences' });
    await plane.delete(`/api/silences/${id}`, admin).expect(204);
    await sweep();
    await silence();
  });

  it('cannot be created if the patterns of all silences would be too large', async () => {
    const patterns = (count: number) => ({
      matchers: Array.from({ length: count }, () => ({ name: 'a', value: '(?:.{0,9}){11}', is_regex: true })),
    });
    const id = await silence(patterns(8));
    expect((await post(patterns(3))).body).toMatchObject({ status: 409, code: 'too_many_silences' });
    await silence();
    await plane.delete(`/api/silences/${id}`, admin).expect(204);
    await sweep();
    await silence(patterns(3));
  });

  it('may name a label that every object has as a property', async () => {
    await silence({ matchers: [{ name: 'constructor', value: '.+', is_regex: true }] });
    expect(await sender.receipt({})).toMatchObject({ opened: 1 });
  });

  it('with a regular expression does not apply to a label of more than 1,000 characters', async () => {
    await silence({ matchers: [{ name: 'a', value: 'a+', is_regex: true }] });
    const labels = [1000, 1001].map((length) => ({ labels: { a: 'a'.repeat(length) } }));
    expect(await sender.receipt(...labels)).toMatchObject({ opened: 1, silenced: 1 });
  });

  it('of many alerts releases all of them, part by part', async () => {
    const id = await silence({ matchers: [{ name: 'alertname', value: '.*', is_regex: true }] });
    const alerts = Array.from({ length: 250 }, (_, index) => ({ labels: { instance: `web-${index}` } }));
    expect(await sender.receipt(...alerts)).toMatchObject({ silenced: 250 });
    await plane.delete(`/api/silences/${id}`, admin).expect(204);
    expect(await sender.incidents()).toMatchObject([{ alert_count: 100 }]);
    for (let round = 0; round < 3; round += 1) await sweep();
    expect(await sender.incidents()).toMatchObject([{ alert_count: 250 }]);
    expect((await plane.rows(tenant, Silence)).map(({ dueAt }) => dueAt)).toEqual([null]);
  });

  it('ends for the alerts of a source that is created in the meantime', async () => {
    const id = await silence();
    await sender.receipt({});
    const ending = Pause.before(plane.app.get(AlertIncidents), 'follow');
    const ended = plane.delete(`/api/silences/${id}`, admin).then(({ status }) => status);
    await ending.reached;
    const meanwhile = AlertSender.create(plane, admin).then(async (other) =>
      other.receipt({ name: 'DiskFull' }),
    );
    await endedOrWaiting(plane, meanwhile);
    ending.release();
    expect([await ended, (await meanwhile).received]).toEqual([204, 1]);
    await sweep();
    expect((await sender.incidents()).map(({ title }) => title)).toEqual(['DiskFull', 'DiskFull']);
  });

  it('opens nothing for the alerts of a data source that was deleted', async () => {
    const id = await silence();
    await sender.receipt({});
    await plane.delete(`/api/data-sources/${sender.source.id}`, admin).expect(204);
    await plane.delete(`/api/silences/${id}`, admin).expect(204);
    expect(await sender.incidents()).toEqual([]);
  });

  it('that ends while an alert under it is being stored opens the incident of that alert', async () => {
    const id = await silence();
    const storing = Pause.before(plane.app.get(AlertIncidents), 'follow');
    const sending = sender.receipt({});
    await storing.reached;
    const ending = plane.delete(`/api/silences/${id}`, admin).then(({ status }) => status);
    await endedOrWaiting(plane, ending);
    storing.release();
    expect([await sending, await ending]).toEqual([expect.objectContaining({ silenced: 1 }), 204]);
    expect(await sender.incidents()).toMatchObject([{ title: 'DiskFull' }]);
  });
});
