import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect } from 'node:net';
import { Database } from '@atlas/persistence';
import { type DesiredTenant, PLANE_PATHS } from '@atlas/plane-contract';
import { Mailer, OngoingAnswers, Secret } from '@atlas/platform';
import { type EgressClassView, type LedgerEntry } from '@atlas/tenant-api/residency';
import { CommitFaults, EVERY_DATABASE, FixedClock, TestSmtpServer, eventually } from '@atlas/testing';
import { QueryFailedError } from 'typeorm';
import { DesiredStateApplier } from '../../src/control-plane-link/desired-state-applier';
import { ControlPlaneClient } from '../../src/control-plane-client/control-plane-client';
import { type Departure, Egress } from '../../src/egress/egress';
import { EgressCall } from '../../src/egress/egress-call.entity';
import { EgressLedger } from '../../src/egress/egress-ledger';
import { OutboundCalls } from '../../src/egress/outbound-calls';
import { Deployment } from '../../src/plane-identity/deployment';
import { TrustedTime } from '../../src/plane-identity/trusted-time';
import { PlaneHealth } from '../../src/reporting/plane-health';
import { LedgerPages } from '../../src/residency/ledger-pages';
import { OldCalls } from '../../src/residency/old-calls';
import { SingleTenantFile } from '../../src/tenancy/single-tenant-file';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { Link } from '../linked-plane.fixture';
import { Pause } from '../pause.fixture';
import { type CallOptions, TestTenantPlane, hostOf, tenantEntry } from '../tenant-plane.fixture';

const SECRET = 'disk of db-1 is full';
const MAIL = { class: 'mail', destination: 'smtp://mail.example.com', fields: ['to'], bytes: 10 } as const;
const ALLOWED = { allow_control_plane: true, features: { analysis: 'allow' } };
const PROMPT = { ...MAIL, class: 'ai_prompt', destination: 'https://cp', fields: ['stream'] } as const;

/** What the Control Plane tells a plane about a tenant whose rows it must remove. */
const purged = (): Partial<DesiredTenant> => ({
  phase: 'retired',
  purge: { job_id: randomUUID() },
  entry_revision: 9,
});
const briefly = ({ class: name, count, bytes, refused }: LedgerEntry) => [name, count, bytes, refused];
const refusal = ({ code, message }: { code: string; message: string }) => [code, message];

async function ledgerOf(plane: TestTenantPlane, admin: CallOptions, query = ''): Promise<LedgerEntry[]> {
  const { body } = await plane.get(`/api/residency/ledger?limit=200${query}`, admin).expect(200);
  return body.items;
}

/** What left, or was refused, of one class. */
async function callsOf(plane: TestTenantPlane, admin: CallOptions, name: string): Promise<LedgerEntry[]> {
  return (await ledgerOf(plane, admin)).filter((entry) => entry.class === name);
}

/**
 * To see it fail: in `Egress.declared`, leave out the check of the fields; in `Egress.require`, note calls
 * that need consent; in `LedgerPages.rows`, read the rows of every plane; in `addRow`, leave out the update.
 */
describe.each(EVERY_DATABASE)('what leaves a tenant plane that a customer runs, on %s', (driver) => {
  let link: Link;
  let plane: TestTenantPlane;
  let admin: CallOptions;
  const tenant = tenantEntry('acme');

  beforeAll(async () => {
    link = await Link.create(driver);
    link.control.model = 'on_prem';
    link.control.wanted.put(tenant);
    plane = await link.startPlane();
    await link.reported(tenant.tenant_id);
    admin = { session: (await plane.user(tenant, 'admin')).session, host: hostOf('acme') };
  });
  afterAll(() => link.close());

  it('is declared for its model, with all fields', async () => {
    const { body } = await plane.get('/api/residency', admin).expect(200);
    expect([body.deployment_model, body.text]).toEqual([
      'on_prem',
      expect.stringContaining("customer's network"),
    ]);
    const classes: EgressClassView[] = body.classes;
    expect(classes.map((one) => one.class)).not.toContain('backup_rows');
    const consented = classes.filter((one) => one.needs_consent).map((one) => one.class);
    expect(consented).toEqual(['move_rows', 'ai_prompt']);
    expect(classes.every((one) => one.in_ledger && one.fields.length > 0)).toBe(true);
  });

  it('is listed: the enrolment, the pulls and the reports, each with its fields and size', async () => {
    const entries = await ledgerOf(plane, admin);
    const names = new Set(entries.map((entry) => entry.class));
    expect([...names].sort()).toEqual(['desired_state_pull', 'enrolment', 'plane_report']);
    for (const { destination, bytes, refused } of entries)
      expect([destination, refused, bytes > 0]).toEqual([link.control.url, false, true]);
    const [enrolment] = entries.filter((entry) => entry.class === 'enrolment');
    expect(enrolment?.fields).toContain('token');
    expect(JSON.stringify(entries)).not.toContain(link.control.token);
  });

  it('is no report with a planted field, and its value is neither sent nor recorded', async () => {
    const health = { status: 'ok', checks: [], hosts: [{ note: SECRET }] } as const;
    // The cast plants a field that the type of a report does not have.
    const examined = jest.spyOn(plane.app.get(PlaneHealth), 'recent').mockResolvedValue(health as never);
    const renamed = { ...tenant, name: 'Acme renamed', entry_revision: 2 };
    link.control.wanted.put(renamed);
    await link.logged(/Refused a call of the class plane_report .*health\.hosts\[\]\.note/);
    const [refused] = (await callsOf(plane, admin, 'plane_report')).filter((entry) => entry.refused);
    expect(refused).toMatchObject({
      destination: link.control.url,
      fields: expect.arrayContaining(['health.hosts[].note']),
    });
    expect(link.control.reported(tenant.tenant_id)?.entry_revision).toBe(1);
    const told = [link.log.lines, link.control.reports, await ledgerOf(plane, admin)];
    expect(JSON.stringify(told)).not.toContain(SECRET);
    examined.mockRestore();
    link.control.wanted.put({ ...renamed, entry_revision: 3 });
    const isReported = (): boolean => link.control.reported(tenant.tenant_id)?.entry_revision === 3;
    await eventually(isReported, { what: 'the plane reports again' });
  });

  it('is no text of a database, if an entry cannot be applied', async () => {
    const driverError = Object.assign(new Error(`duplicate key: ${SECRET}`), { code: '23505' });
    const failure = new QueryFailedError(`insert into tenants`, [SECRET], driverError);
    jest.spyOn(plane.app.get(SingleTenantFile), 'fixTo').mockRejectedValueOnce(failure);
    link.control.wanted.put({ ...tenant, entry_revision: 4 });
    await link.reported(tenant.tenant_id, 'failed');
    expect(link.control.reported(tenant.tenant_id)?.error).toBe(
      'The plane failed at this (23505). Its log says why.',
    );
    await link.reported(tenant.tenant_id);
  });

  it('is no call of a class that the model does not declare', async () => {
    const call = {
      egress: { class: 'backup_rows' },
      method: 'PUT',
      path: PLANE_PATHS.transfers,
      content: { type: 'application/jose', text: SECRET },
      timeoutMs: 1000,
      mustBeSigned: false,
    } as const;
    const error = await plane.app.get(ControlPlaneClient).call(call).catch(refusal);
    expect(error).toEqual([
      'egress_refused',
      expect.stringMatching(/Nothing was sent.*On-prem.*GET \/api\/residency/),
    ]);
    const [entry] = await callsOf(plane, admin, 'backup_rows');
    expect(entry).toMatchObject({ refused: true, fields: ['application/jose'], bytes: SECRET.length });
  });

  it('is no call that finds no connection', async () => {
    const planes = async () => (await ledgerOf(plane, admin)).filter((entry) => !entry.refused).map(briefly);
    const failures = () => link.log.lines.filter((line) => line.includes("can't be reached")).length;
    await link.control.stop();
    await eventually(() => failures() > 0, { what: 'the plane notices' });
    const [before, known] = [await planes(), failures()];
    await eventually(() => failures() > known + 1, { what: 'the plane tries again' });
    const to = { host: '127.0.0.1', port: 1, servername: '', timeout: 1000 };
    const socket = await plane.app.get(Egress).connectTls(to);
    await once(socket, 'close').catch(() => undefined);
    expect(await planes()).toEqual(before);
    await link.control.listen();
    const isListed = async () => JSON.stringify(await planes()) !== JSON.stringify(before);
    await eventually(isListed, { what: 'the first call that is connected is listed' });
  });

  it('is no question to an AI that cannot be recorded', async () => {
    const incident = await plane
      .post('/api/incidents', { title: 'Disk full', severity: 'P2' }, admin)
      .expect(201);
    const ask = () => plane.post(`/api/ai/incidents/${incident.body.id}/analysis`, undefined, admin);
    await plane.put('/api/ai/settings', ALLOWED, admin).expect(200);
    const full = Object.assign(new Error('No space left on device'), { code: 'SQLITE_FULL' });
    const write = jest.spyOn(plane.app.get(EgressLedger), 'write').mockRejectedValueOnce(full);
    expect((await ask()).status).toBeGreaterThanOrEqual(500);
    expect(link.control.questions).toEqual([]);
    write.mockRestore();
    await ask().expect(200);
    expect(link.control.questions).toHaveLength(1);
    const calls = await callsOf(plane, admin, 'ai_prompt');
    expect(calls.map(({ count, refused }) => [count, refused])).toEqual([[1, false]]);
    expect(JSON.stringify(calls)).not.toContain('Disk full');
  });
});

describe.each(EVERY_DATABASE)('the ledger of a shared plane on %s', (driver) => {
  const clock = new FixedClock();
  let smtp: TestSmtpServer;
  let plane: TestTenantPlane;
  let ours: DesiredTenant;
  let theirs: DesiredTenant;
  let admin: CallOptions;
  let other: CallOptions;
  let count = 0;

  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    plane = await TestTenantPlane.boot(driver, { clock, env: smtp.env });
  });
  afterAll(async () => {
    await plane.close();
    await smtp.stop();
  });
  beforeEach(async () => {
    count += 1;
    ({ tenant: ours, admin } = await plane.tenantWithAdmin(`ours-${count}`));
    ({ tenant: theirs, admin: other } = await plane.tenantWithAdmin(`theirs-${count}`));
  });

  const send = (tenant: DesiredTenant, changes: Partial<Departure> = {}) =>
    plane.app.get(Egress).admit({ ...MAIL, tenantId: tenant.tenant_id, ...changes });

  const rowsOf = (tenant: DesiredTenant): Promise<number> =>
    plane.tenants.read(tenant.tenant_id, (scope) => scope.query(EgressCall, 'call').getCount());

  it('lists an email under the tenant that sent it, but no address', async () => {
    await plane.post('/api/auth/invite', { email: 'ann@example.com', role: 'operator' }, admin).expect(201);
    await smtp.next();
    const [entry, ...more] = await ledgerOf(plane, admin);
    expect(entry).toMatchObject({
      class: 'mail',
      count: 1,
      fields: ['subject', 'text', 'to'],
      refused: false,
    });
    expect([entry?.destination, more]).toEqual([expect.stringMatching(/^smtp:\/\/127\.0\.0\.1:\d+$/), []]);
    expect(JSON.stringify(entry)).not.toContain('ann@example.com');
    expect(await ledgerOf(plane, other)).toEqual([]);
  });

  it("lists neither another tenant's calls nor those of the plane, and says so", async () => {
    await send(theirs);
    await plane.app
      .get(EgressLedger)
      .write({ ...MAIL, class: 'plane_report', tenantId: null, refused: false });
    expect(await ledgerOf(plane, admin)).toEqual([]);
    expect((await plane.get('/api/residency/ledger/export', admin).expect(200)).text).toBe('');
    const online = jest.spyOn(plane.app.get(Deployment), 'isOffline', 'get').mockReturnValue(false);
    const { body } = await plane.get('/api/residency', admin).expect(200);
    online.mockRestore();
    expect(body.classes).toHaveLength(14);
    const listed = body.classes
      .filter((one: EgressClassView) => one.in_ledger)
      .map((one: EgressClassView) => one.class);
    const called = ['runbook_http', 'prometheus_query', 'sign_on', 'mail'];
    expect(listed).toEqual(['move_rows', 'backup_rows', 'ai_prompt', 'ai_own_endpoint', ...called]);
    expect((await ledgerOf(plane, other)).map(briefly)).toEqual([['mail', 1, 10, false]]);
  });

  it('counts calls of one hour together if they differ in nothing but time and size', async () => {
    const at = clock.now();
    await send(ours);
    await send(ours, { bytes: 5 });
    await send(ours, { destination: 'smtp://second.example.com' });
    await plane.app.get(EgressLedger).flush();
    clock.advance(60);
    await send(ours);
    const entries = await ledgerOf(plane, admin);
    const [entry] = entries.filter(({ destination }) => destination === MAIL.destination);
    expect(entries).toHaveLength(2);
    expect(entry).toMatchObject({
      count: 3,
      bytes: 25,
      at: at.toISOString(),
      last_at: clock.now().toISOString(),
    });
    clock.advance(3600);
    await send(ours);
    expect(await ledgerOf(plane, admin)).toHaveLength(3);
  });

  it('loses no call if several processes store the same row at once', async () => {
    const database = plane.app.get(Database);
    const ledgers = Array.from({ length: 8 }, () => new EgressLedger(database, plane.tenants, clock));
    const call = { ...MAIL, tenantId: ours.tenant_id, refused: false };
    for (const ledger of ledgers) for (let i = 0; i < 25; i += 1) ledger.note(call);
    await Promise.all(ledgers.map((ledger) => ledger.flush()));
    expect((await ledgerOf(plane, admin)).map(briefly)).toEqual([['mail', 200, 2000, false]]);
  });

  it('is read in pages, for a span of time, and is exported as lines', async () => {
    const begin = clock.now();
    for (let hour = 0; hour < 5; hour += 1) {
      await send(ours);
      clock.advance(3600);
    }
    const all = await ledgerOf(plane, admin);
    expect(all.map(({ at }) => at)).toEqual(
      all
        .map(({ at }) => at)
        .sort()
        .reverse(),
    );
    const { body: first } = await plane.get('/api/residency/ledger?limit=2', admin).expect(200);
    const { body: second } = await plane
      .get(`/api/residency/ledger?limit=3&cursor=${first.next_cursor}`, admin)
      .expect(200);
    expect([...first.items, ...second.items]).toEqual(all);
    expect(second.next_cursor).toBeNull();
    const [from, to] = [3600, 3 * 3600].map((s) => new Date(begin.getTime() + s * 1000).toISOString());
    expect(await ledgerOf(plane, admin, `&from=${from}&to=${to}`)).toEqual(all.slice(2, 4));
    const exported = await plane.get('/api/residency/ledger/export', admin).expect(200);
    expect(exported.headers['content-type']).toBe('application/x-ndjson');
    const lines = exported.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.reverse()).toEqual(all);
    await plane.get('/api/residency/ledger?from=yesterday', admin).expect(400);
  });

  it('is exported twice at a time by a tenant, and by three tenants at a time', async () => {
    await send(ours);
    const others = [theirs, await plane.tenant('third'), await plane.tenant('fourth')];
    const admins = [admin];
    for (const other of others)
      admins.push({ session: (await plane.user(other, 'admin')).session, host: hostOf(other.slug) });
    const [one, two, three, four] = admins;
    const path = '/api/residency/ledger/export';
    const pages = plane.app.get(LedgerPages);
    const pauses: Pause[] = [];
    const running: Promise<unknown>[] = [];
    const refused: { body: { code: string }; headers: Record<string, string> }[] = [];
    for (const by of [one, one, two, two, three, three]) {
      const pause = Pause.before(pages, 'rows');
      running.push(plane.get(path, by).then((answer) => answer));
      await pause.reached;
      pauses.push(pause);
      if (pauses.length === 2) refused.push(await plane.get(path, one));
    }
    refused.push(await plane.get(path, four));
    pauses[0]?.release();
    await running[0];
    const { status } = await plane.get(path, four);
    for (const pause of pauses) pause.release();
    await Promise.all(running);
    expect(refused.map(({ body, headers }) => [body.code, headers['retry-after']])).toEqual([
      ['too_many_exports', '5'],
      ['too_many_exports', '5'],
    ]);
    expect(status).toBe(200);
  });

  /** To see it fail, let `callerGone` only listen to the response. */
  it('can be exported again after a caller has gone who asked twice on one connection', async () => {
    await send(ours);
    const path = '/api/residency/ledger/export';
    const pages = plane.app.get(LedgerPages);
    const [first, second] = [Pause.before(pages, 'rows'), Pause.before(pages, 'rows')];
    const socket = connect(Number(new URL(plane.url).port), '127.0.0.1');
    const request =
      `GET ${path} HTTP/1.1\r\nhost: ${admin.host}\r\n` + `authorization: Bearer ${admin.session}\r\n\r\n`;
    socket.write(request + request);
    await Promise.all([first.reached, second.reached]);
    expect((await plane.get(path, admin)).status).toBe(429);
    socket.destroy();
    const isServed = async (): Promise<boolean> => (await plane.get(path, admin)).status === 200;
    await eventually(isServed);
    const third = Pause.before(pages, 'rows');
    const exported = plane.get(path, admin).then(({ status }) => status);
    await third.reached;
    await eventually(isServed);
    third.release();
    expect(await exported).toBe(200);
    first.release();
    second.release();
  });

  it('is no longer sent to an admin whose session ends during the export', async () => {
    await send(ours);
    const pause = Pause.before(plane.app.get(LedgerPages), 'rows');
    const exported = plane.get('/api/residency/ledger/export', admin).then(
      ({ text }) => text,
      (error: Error) => error.message,
    );
    await pause.reached;
    await plane.post('/api/auth/logout', {}, admin).expect(204);
    await plane.app.get(OngoingAnswers).look();
    pause.release();
    expect(await exported).not.toContain(MAIL.destination);
  });

  it('drops its oldest rows after 90 days, and those beyond its limit', async () => {
    const chore = plane.app.get(OldCalls);
    const left = async (tenant: DesiredTenant): Promise<number> => {
      const { session } = await plane.user(tenant, 'admin');
      return (await ledgerOf(plane, { session, host: hostOf(tenant.slug) })).length;
    };
    for (let day = 0; day < 4; day += 1) {
      await send(ours);
      clock.advance(86_400);
    }
    await send(theirs);
    await plane.app.get(EgressLedger).flush();
    plane.app.get(TrustedTime).correct(clock.now());
    await chore.sweep();
    expect([await left(ours), await left(theirs)]).toEqual([4, 1]);
    await chore.sweep(3);
    expect([await left(ours), await left(theirs)]).toEqual([3, 1]);
    clock.advance(89 * 86_400);
    await chore.sweep();
    expect([await left(ours), await left(theirs)]).toEqual([1, 1]);
    clock.advance(3 * 86_400);
    await chore.sweep();
    expect([await left(ours), await left(theirs)]).toEqual([0, 0]);
  });

  it('keeps its rows if the clock of the plane is wrong', async () => {
    const [chore, time] = [plane.app.get(OldCalls), plane.app.get(TrustedTime)];
    time.correct(clock.now());
    await send(ours);
    await plane.app.get(EgressLedger).flush();
    clock.jump(400 * 86_400);
    await chore.sweep();
    clock.jump(-400 * 86_400);
    time.correct(clock.now());
    clock.jump(-1000 * 86_400);
    await send(ours, { destination: 'smtp://later.example.com' });
    await plane.app.get(EgressLedger).flush();
    clock.jump(1000 * 86_400);
    await chore.sweep();
    expect(await rowsOf(ours)).toBe(2);
  });

  it('keeps its rows until there are too many if the Control Plane does not confirm the time', async () => {
    const chore = new OldCalls(
      plane.app.get(Database),
      plane.tenants,
      new TrustedTime(plane.app.get(Database), plane.identities, clock),
    );
    await send(ours);
    await plane.app.get(EgressLedger).flush();
    clock.advance(100 * 86_400);
    await send(ours);
    await plane.app.get(EgressLedger).flush();
    await chore.sweep();
    expect(await rowsOf(ours)).toBe(2);
    await chore.sweep(1);
    expect(await rowsOf(ours)).toBe(1);
  });

  it('drops the rows of a tenant that has moved away like those of others', async () => {
    const chore = plane.app.get(OldCalls);
    plane.app.get(TrustedTime).correct(clock.now());
    await send(ours);
    await plane.app.get(EgressLedger).flush();
    await plane.tenant(ours.slug, {
      ...ours,
      phase: 'retired',
      moved_to: 'https://b.example',
      entry_revision: 9,
    });
    await chore.sweep();
    expect(await rowsOf(ours)).toBe(1);
    clock.advance(92 * 86_400);
    await chore.sweep();
    expect(await rowsOf(ours)).toBe(0);
  });

  /** To see it fail, let `isPurged` in the ledger return false. */
  it('stores no rows of a tenant that has been purged', async () => {
    await send(ours);
    await plane.tenant(ours.slug, { ...ours, ...purged() });
    await send(theirs);
    await plane.app.get(EgressLedger).flush();
    expect([await rowsOf(ours), await rowsOf(theirs)]).toEqual([0, 1]);
  });

  /** To see it fail, leave out `deleteStaying` in `DesiredStateApplier.put`. */
  it('keeps no rows that are stored while a tenant is purged', async () => {
    const applier = plane.app.get(DesiredStateApplier) as unknown as { purge(): Promise<void> };
    const purge = applier.purge.bind(applier) as (...call: unknown[]) => Promise<void>;
    const purging = jest.spyOn(applier, 'purge').mockImplementation(async (...call) => {
      await purge(...call);
      await send(ours);
      await plane.app.get(EgressLedger).flush();
      expect(await rowsOf(ours)).toBe(1);
    });
    await plane.tenant(ours.slug, { ...ours, ...purged() });
    expect([purging.mock.calls.length, await rowsOf(ours)]).toEqual([1, 0]);
    purging.mockRestore();
  });

  it('drops the rows of a purged tenant that an earlier version stored', async () => {
    await send(ours);
    await plane.app.get(EgressLedger).flush();
    await send(theirs);
    await plane.app.get(EgressLedger).flush();
    await plane.app
      .get(Database)
      .write((manager) =>
        manager.update(Tenant, { id: ours.tenant_id }, { phase: 'retired', purgeJobId: randomUUID() }),
      );
    await plane.app.get(OldCalls).sweep();
    expect([await rowsOf(ours), await rowsOf(theirs)]).toEqual([0, 1]);
  });

  it('stores what is waiting when the process stops', async () => {
    await send(ours);
    await plane.app.get(EgressLedger).onApplicationShutdown();
    const rows = await plane.tenants.read(ours.tenant_id, ({ manager }) =>
      manager.query('select count from egress_calls where tenant_id = $1', [ours.tenant_id]),
    );
    expect(rows).toEqual([{ count: 1 }]);
  });
});

describe.each(EVERY_DATABASE)('the ledger on %s, while COMMITs fail', (driver) => {
  let faults: CommitFaults;
  let plane: TestTenantPlane;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestTenantPlane.boot(driver, { through: (url) => faults.through(url) });
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  it('stops no call, and in the end lists at least the calls that have left', async () => {
    const { tenant, admin } = await plane.tenantWithAdmin('acme');
    const ledger = plane.app.get(EgressLedger);
    faults.begin();
    for (let i = 0; i < 20; i += 1) {
      await plane.app.get(Egress).admit({ ...MAIL, tenantId: tenant.tenant_id });
      await ledger.flush();
    }
    const failures = faults.count;
    faults.end();
    const [entry] = await ledgerOf(plane, admin);
    expect(failures).toBeGreaterThan(3);
    // A COMMIT whose outcome is unknown is stored again.
    expect(entry?.count).toBeGreaterThanOrEqual(20);
    expect(entry?.count).toBeLessThanOrEqual(20 + failures * 4);
  });
});

describe('the door of a plane that runs offline', () => {
  let plane: TestTenantPlane;
  let servers: Server[];
  let admin: CallOptions;
  let tenant: DesiredTenant;
  const origins: string[] = [];

  beforeAll(async () => {
    plane = await TestTenantPlane.boot('sqlite', { env: { ATLAS_TP_DEPLOYMENT: 'on_prem' } });
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
    const last = createServer((_, answer) => void answer.end('{}'));
    const first = createServer((_, answer) => {
      answer.writeHead(302, { location: `${origins[0]}/after?secret=2` }).end();
    });
    servers = [last, first];
    for (const server of servers) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      origins.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
  });
  afterAll(async () => {
    await plane.close();
    for (const server of servers) server.close();
  });

  it('lets no call to the Control Plane out, and declares none', async () => {
    const error = await plane.app
      .get(Egress)
      .admit({ ...PROMPT, tenantId: tenant.tenant_id })
      .catch(refusal);
    expect(error).toEqual(['egress_refused', expect.stringContaining('ATLAS_OFFLINE_MODE')]);
    const { body } = await plane.get('/api/residency', admin).expect(200);
    const names = body.classes.map((one: EgressClassView) => one.class);
    expect(names).toEqual(['ai_own_endpoint', 'runbook_http', 'prometheus_query', 'sign_on', 'mail']);
  });

  it('lists every server that a call of the tenant reached, without paths and queries', async () => {
    const request = {
      method: 'GET',
      url: `${origins[1]}/first?secret=1`,
      timeoutMs: 5000,
      maxBytes: 1000,
    } as const;
    await plane.app.get(OutboundCalls).fetch('prometheus_query', request);
    const calls = await callsOf(plane, admin, 'prometheus_query');
    expect(calls.map(({ destination }) => destination).sort()).toEqual([...origins].sort());
    expect(JSON.stringify(calls)).not.toContain('secret');
  });

  it('lists no email that found no mail server', async () => {
    const mailer = new Mailer({
      smtpUrl: new Secret('smtp://127.0.0.1:1'),
      from: 'a@b.example',
      isProduction: false,
    });
    const onSending = jest.fn();
    await expect(
      mailer.send('ann@example.com', { subject: 's', paragraphs: [] }, onSending),
    ).rejects.toThrow();
    expect(onSending).not.toHaveBeenCalled();
  });

  it('lists no call to a server that could not be reached', async () => {
    const request = { method: 'GET', url: 'http://127.0.0.1:1/', timeoutMs: 5000, maxBytes: 1000 } as const;
    await expect(plane.app.get(OutboundCalls).fetch('runbook_http', request)).rejects.toThrow();
    expect(await callsOf(plane, admin, 'runbook_http')).toEqual([]);
  });
});
