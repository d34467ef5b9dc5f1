import { randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { PLANE_PATHS, type ReportRequest, type ReportedHealth } from '@atlas/plane-contract';
import { Mailer, NO_PASSWORD } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE, asAdmin, eventually } from '@atlas/testing';
import { Database as Connection } from 'sqlite3';
import { type DataSource } from 'typeorm';
import { User } from '../../src/credentials/user.entity';
import { Mails } from '../../src/mail/mails';
import { DatabaseHealth } from '../../src/reporting/database.health';
import { findingOn } from '../../src/reporting/disk.health';
import { PlaneHealth } from '../../src/reporting/plane-health';
import { Reporter } from '../../src/reporting/reporter';
import { ShiftedClock } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { type TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';

const GB = 1e9;

type Call = [sql: string, ...rest: unknown[]];

/** Fails every update of the plane's own row, as SQLite does when a file becomes read-only. */
function refuseUpdates(): jest.SpyInstance[] {
  // The methods are overloaded, and `spyOn` would use only their last overloads.
  const methods: Record<'all' | 'run', (...call: never[]) => unknown> = Connection.prototype;
  return (['all', 'run'] as const).map((name) => {
    const original = Connection.prototype[name] as (...call: Call) => unknown;
    const refusing = function (this: Connection, ...call: Call): unknown {
      if (!/^update "?plane_identity/i.test(call[0])) return original.apply(this, call);
      const error = Object.assign(new Error('attempt to write a readonly database'), {
        code: 'SQLITE_READONLY',
      });
      return setImmediate(call.at(-1) as (error: Error) => void, error);
    };
    return jest.spyOn(methods, name).mockImplementation(refusing);
  });
}

describe.each(EVERY_DATABASE)('the health report of a plane on %s', (driver) => {
  const acme = tenantEntry('acme');
  const clock = new ShiftedClock();
  let link: Link;
  let plane: TestTenantPlane;
  let refused: jest.SpyInstance[] = [];
  beforeAll(async () => {
    link = await Link.create(driver);
    link.control.wanted.put(acme);
    plane = await link.startPlane({}, clock);
    await link.reported(acme.tenant_id);
  });
  afterAll(() => link.close());

  /** The health in a new report. A report that could not be sent is sent again. */
  const reported = async (): Promise<ReportedHealth | undefined> => {
    const reporter = plane.app.get(Reporter);
    await reporter.settled();
    const before = link.control.reports.length;
    const isReported = (): boolean => {
      if (link.control.reports.length > before) return true;
      Object.assign(reporter, { lastSentAt: -Infinity });
      reporter.heartbeat();
      return false;
    };
    await eventually(isReported, { what: 'the plane reports' });
    return link.control.reports.at(-1)?.health;
  };
  const check = (name: string, health?: ReportedHealth) => health?.checks?.find((one) => one.name === name);
  const sql = (statement: string) => plane.app.get(Database).write((manager) => manager.query(statement));

  it('covers database, disk, queue, clock, link, key and secrets', async () => {
    const health = await reported();
    expect(health?.checks?.map(({ name }) => name)).toEqual([
      'database',
      'disk',
      'queue',
      'clock',
      'link',
      'key',
      'secrets',
    ]);
    for (const name of ['database', 'queue', 'clock', 'link', 'key', 'secrets'])
      expect(check(name, health)).toMatchObject({ status: 'ok' });
    const disk = driver === 'sqlite' ? /^\d+ MB free, \d+ %$/ : /Postgres/;
    expect(check('disk', health)?.detail).toMatch(disk);
    expect(check('link', health)?.detail).toMatch(/^Last contact: 20/);
  });

  it('is also exposed in the metrics', async () => {
    const { text } = await plane.get('/metrics').expect(200);
    expect(text).toContain('atlas_plane_health{check="database"} 0');
  });

  /** To see it fail, let `PlaneHealth.recent` always examine, or never. */
  it('is not examined again for what is applied within 5 s, unless something was wrong', async () => {
    const examined = jest.spyOn(plane.app.get(DatabaseHealth), 'find');
    const applied = async (name: string): Promise<number> => {
      const before = examined.mock.calls.length;
      const reports = link.control.reports.length;
      link.control.wanted.put({ ...acme, name });
      await eventually(() => link.control.reports.length > reports, { what: 'the entry is reported' });
      await plane.app.get(Reporter).settled();
      return examined.mock.calls.length - before;
    };
    await plane.app.get(PlaneHealth).examine();
    expect(await applied('Acme A')).toBe(0);
    const ahead = jest.spyOn(clock, 'monotonicMs').mockImplementation(() => performance.now() + 6000);
    expect(await applied('Acme B')).toBe(1);
    ahead.mockRestore();
    examined.mockResolvedValueOnce({ status: 'degraded' });
    await plane.app.get(PlaneHealth).examine();
    expect(await applied('Acme C')).toBe(1);
    examined.mockRestore();
  });

  it('is failing while the database accepts no writes', async () => {
    const { dataSource } = plane.app.get(Database);
    await refuseWrites(dataSource, true);
    try {
      const health = driver === 'sqlite' ? await reported() : await plane.app.get(PlaneHealth).examine();
      expect(health?.status).toBe('failing');
      expect(check('database', health)).toMatchObject({
        detail: expect.stringMatching(/accepts no writes \(\w+\)$/),
      });
      if (driver === 'sqlite') expect((await reported())?.status).toBe('failing');
    } finally {
      await refuseWrites(dataSource, false);
    }
    await eventually(async () => (await reported())?.status !== 'failing', {
      what: 'the plane is healthy again',
    });
    const sequences = link.control.reports.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });

  it("is failing if the database lacks this version's migrations", async () => {
    const last = 'select max(id) from migrations';
    await sql(`update migrations set name = 'gone' || name where id = (${last})`);
    expect(check('database', await reported())).toMatchObject({
      status: 'failing',
      detail: expect.stringContaining('lacks 1'),
    });
    await sql(`update migrations set name = substr(name, 5) where id = (${last})`);
    expect(check('database', await reported())).toMatchObject({ status: 'ok' });
  });

  it('is degraded once an email has waited too long', async () => {
    const mails = plane.app.get(Mails);
    Object.defineProperty(plane.app.get(Mailer), 'isOn', { value: true, configurable: true });
    const now = clock.now();
    const invitee = { id: uuidv7(now), email: 'a@b.example', name: 'A', role: 'requester' } as const;
    await plane.tenants.write(acme.tenant_id, async (scope) => {
      await scope.insert(User, {
        ...invitee,
        passwordHash: NO_PASSWORD,
        isFirst: false,
        credentialsEpoch: 0,
        createdAt: now,
        invitedAt: now,
        deactivatedAt: null,
      });
      await mails.add(scope, 'password_changed', { user_id: invitee.id });
    });
    expect(check('queue', await reported())).toMatchObject({ status: 'ok' });
    clock.aheadSeconds = link.control.clock.aheadSeconds = 1000;
    expect(check('queue', await reported())).toMatchObject({
      status: 'degraded',
      detail: 'An email has been waiting for 16 min',
    });
    clock.aheadSeconds = link.control.clock.aheadSeconds = 0;
  });

  it('is degraded while signed responses show that the clock is wrong', async () => {
    link.control.clock.aheadSeconds = 120;
    link.control.wanted.touch();
    await eventually(async () => check('clock', await reported())?.status === 'degraded');
    expect(check('clock', await reported())?.detail).toMatch(/^1[12]\d s behind: set it with NTP$/);
    link.control.clock.aheadSeconds = 0;
    link.control.wanted.touch();
    await eventually(async () => check('clock', await reported())?.status === 'ok');
  });

  it('is degraded, but still reported, while responses are forged', async () => {
    const { control } = link;
    control.misbehavesAt = [PLANE_PATHS.desiredState];
    control.manner = 'forged';
    control.wanted.touch();
    await eventually(async () => check('link', await reported())?.status === 'degraded');
    expect(check('link', await reported())?.detail).toMatch(/^\d+ calls? failed in a row; last contact: 20/);
    control.manner = 'proper';
    await eventually(async () => check('link', await reported())?.status === 'ok');
  });

  if (driver === 'sqlite')
    it('includes the last stored sequence number if the new one cannot be stored', async () => {
      await reported();
      const stored = link.control.reports.at(-1)?.sequence;
      const isUnstoredOf = (linkId: string) => (report: ReportRequest) =>
        report.link_id === linkId && report.stored_sequence === stored;
      await refuseWrites(plane.app.get(Database).dataSource, true);
      try {
        for (let turn = 0; turn < 2; turn += 1) {
          if (turn === 0) await reported();
          const { linkId } = plane.identities;
          const report = await eventually(() => link.control.reports.find(isUnstoredOf(linkId)));
          expect(report.health.status).toBe('failing');
          expect(report).toMatchObject({ sequence: Number(stored) + 1 });
          await link.stopPlane(plane);
          plane = await link.startPlane({}, clock);
        }
      } finally {
        await refuseWrites(plane.app.get(Database).dataSource, false);
      }
      await eventually(async () => (await reported())?.status !== 'failing', {
        what: 'the plane is healthy again',
      });
      expect(link.control.reports.at(-1)).not.toHaveProperty('stored_sequence');
    });

  if (driver === 'sqlite')
    it('is still reported, with the tenants to retry, while no desired state can be stored', async () => {
      const isReported = (state: string) => (): boolean =>
        link.control.reported(acme.tenant_id)?.state === state;
      await refuseWrites(plane.app.get(Database).dataSource, true);
      try {
        link.control.wanted.put({ ...acme, name: 'Renamed' });
        await eventually(isReported('retrying'), { what: 'the tenant is reported as retrying' });
        const { health, tenants } = link.control.reports.at(-1) ?? {};
        expect(health?.status).toBe('failing');
        expect(check('link', health)).toMatchObject({ status: 'ok' });
        expect(tenants).toEqual([
          expect.objectContaining({ error: 'The disk that holds the database is failing.' }),
        ]);
        const before = link.control.reports.length;
        Object.assign(plane.app.get(Reporter), { lastSentAt: -Infinity });
        link.control.wanted.touch();
        await eventually(() => link.control.reports.length > before, { what: 'the plane sends a heartbeat' });
      } finally {
        await refuseWrites(plane.app.get(Database).dataSource, false);
      }
      await eventually(isReported('applied'), { what: 'the tenant is reported as applied' });
    });

  if (driver === 'sqlite')
    it('is reported, along with any missing copies, even while no desired state can be stored', async () => {
      const { control } = link;
      const globex = tenantEntry('globex');
      control.wanted.put({ ...globex, requires_copy: randomUUID() });
      await link.reported(globex.tenant_id, 'failed');
      const before = control.reports.length;
      await refuseWrites(plane.app.get(Database).dataSource, true);
      const later = () => control.reports.slice(before).flatMap(({ tenants }) => tenants);
      try {
        control.wanted.put({ ...acme, name: 'Renamed' });
        const isPostponed = () => later().some(({ state }) => state === 'retrying');
        await eventually(isPostponed, { what: 'the other tenant is reported as retrying' });
      } finally {
        await refuseWrites(plane.app.get(Database).dataSource, false);
      }
      control.wanted.put(globex);
      await link.reported(globex.tenant_id);
      const missing = later().filter((one) => one.tenant_id === globex.tenant_id && one.state !== 'applied');
      expect(missing.map(({ code }) => code)).toEqual(missing.map(() => 'copy_missing'));
      expect(missing).not.toEqual([]);
    });

  async function refuseWrites(dataSource: DataSource, isOn: boolean): Promise<void> {
    if (driver === 'sqlite') {
      // The change must affect every connection, because a connection that was refused a write is closed and
      // replaced.
      for (const spy of refused) spy.mockRestore();
      refused = isOn ? refuseUpdates() : [];
      return;
    }
    const [{ role }] = (await dataSource.query('select current_user as role')) as [{ role: string }];
    const change = isOn ? 'revoke update on plane_identity from' : 'grant update on plane_identity to';
    await asAdmin(link.database.ownerUrl ?? '', (client) => client.query(`${change} "${role}"`));
  }
});

describe('the health of a disk', () => {
  it.each([
    [60 * GB, 100 * GB, 'ok', '60000 MB free, 60 %'],
    [9 * GB, 100 * GB, 'degraded', '9000 MB free, 9 %'],
    [0.4 * GB, 1 * GB, 'degraded', '400 MB free, 40 %'],
    [1 * GB, 100 * GB, 'failing', '1000 MB free, 1 %'],
    [0.04 * GB, 0.1 * GB, 'failing', '40 MB free, 40 %'],
    [0, 100 * GB, 'failing', '0 MB free, 0 %'],
    [0, 0, 'ok', 'The volume does not report its size'],
  ])('with %d of %d bytes free is %s', (freeBytes, totalBytes, status, detail) => {
    expect(findingOn({ freeBytes, totalBytes })).toEqual({ status, detail });
  });
});
