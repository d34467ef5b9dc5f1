import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type DesiredTenant } from '@atlas/plane-contract';
import { OngoingAnswers } from '@atlas/platform';
import { USER_ROLES } from '@atlas/tenant-api/users';
import { EVERY_DATABASE, FixedClock, eventually } from '@atlas/testing';
import { UserWrites } from '../../src/access/user-writes';
import { type ArchiveManifest } from '../../src/archives/archive-manifest';
import { BackgroundRuns } from '../../src/archives/background-runs';
import { Import } from '../../src/archives/import.entity';
import { ImportedRows } from '../../src/archives/imported-rows';
import { tarHeader } from '../../src/archives/tar-format';
import { User } from '../../src/credentials/user.entity';
import { DueWork } from '../../src/due/due-work';
import { Incident } from '../../src/incidents/incident.entity';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { fillEveryTable } from '../rows.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';
import {
  type Files,
  NAMES,
  OPERATIONAL,
  UNCHANGED,
  archiveOf,
  damaged,
  endOfImport,
  entriesOf,
  imported,
  isEmpty,
  manifestIn,
  packed,
  rewritten,
  rowsIn,
  unpacked,
  uploaded,
} from './archive.fixture';

describe.each(EVERY_DATABASE)('an import on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let source: DesiredTenant;
  let owner: SignedInUser & CallOptions;
  let archive: Buffer;
  let files: Files;
  let target: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
    ({ tenant: source, admin: owner } = await plane.tenantWithAdmin('source'));
    await fillEveryTable(plane, source);
    archive = await archiveOf(plane, owner);
    files = unpacked(archive);
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant: target, admin } = await plane.tenantWithAdmin(`target-${(count += 1)}`));
  });

  const send = (body: Buffer, by: CallOptions = admin, type?: string) => uploaded(plane, body, by, type);
  const ended = (id: string) => endOfImport(plane, id, admin);
  const importing = (body: Buffer) => imported(plane, body, admin);

  it('stores what the archive contains, so that another export of it is equal', async () => {
    const result = await importing(archive);
    expect(result).toMatchObject({
      status: 'ready',
      failure: null,
      summary: { tenant: { id: source.tenant_id, slug: 'source' } },
    });
    const again = unpacked(await archiveOf(plane, admin));
    for (const table of [...UNCHANGED, 'onboarding_skipped_steps', 'sla_targets', 'tenant_counters'])
      expect([table, String(again[`${table}.ndjson`])]).toEqual([table, String(files[`${table}.ndjson`])]);
    for (const table of OPERATIONAL) expect(result.summary?.rows[table]).toBe(rowsIn(files, table).length);
    expect(await plane.audit(target, 'import.finished')).toMatchObject([
      { actorId: admin.id, targetId: result.id, after: result.summary },
    ]);
  });

  it('adds the users without access, and leaves the users of the tenant as they are', async () => {
    await importing(archive);
    const before = await plane.rows(source, User);
    const users = await plane.rows(target, User);
    expect(users).toHaveLength(before.length + 1);
    for (const { id, name, role } of before)
      expect(users.find((user) => user.id === id)).toMatchObject({
        name,
        role,
        isFirst: false,
        passwordHash: '',
        deactivatedAt: expect.any(Date),
      });
    expect(users.find(({ id }) => id === admin.id)).toMatchObject({ deactivatedAt: null });
  });

  it('gives a user another address if someone else in the tenant has theirs', async () => {
    const [{ id, email } = { id: '', email: '' }] = await plane.rows(source, User);
    await plane.user(target, 'operator', { email });
    expect(await importing(archive)).toMatchObject({ status: 'ready' });
    const users = await plane.rows(target, User);
    expect(users.find((user) => user.id === id)?.email).toBe(`${id}@imported.invalid`);
    expect(users.filter((user) => user.email === email)).toHaveLength(1);
  });

  it('continues the numbers of incidents', async () => {
    await importing(archive);
    const last =
      (await plane.rows(source, Incident))
        .map(({ number }) => number)
        .sort()
        .at(-1) ?? '';
    const { body } = await plane.post('/api/incidents', { title: 'Next', severity: 'P3' }, admin).expect(201);
    expect(Number(body.number.slice(4))).toBe(Number(last.slice(4)) + 1);
  });

  it('keeps the audit trails apart', async () => {
    await importing(archive);
    const actions = (await plane.audit(target)).map(({ action }) => action);
    expect(actions).toEqual(['import.requested', 'import.finished']);
  });

  it('is refused by a tenant with operational data', async () => {
    await plane.post('/api/incidents', { title: 'Own', severity: 'P3' }, admin).expect(201);
    expect(await send(archive)).toMatchObject({ status: 409, body: { code: 'tenant_not_empty' } });
    expect(await plane.rows(target, Import)).toEqual([]);
  });

  it('keeps nothing if the tenant gets operational data in the meantime', async () => {
    const pause = Pause.behind(plane.app.get(ImportedRows), 'verify');
    const { body } = await send(archive);
    await pause.reached;
    await plane.post('/api/incidents', { title: 'Own', severity: 'P3' }, admin).expect(201);
    pause.release();
    // The archive has an incident with the same number, but that is not the reason.
    expect(await ended(body.id)).toMatchObject({ status: 'failed', failure: { code: 'tenant_not_empty' } });
    expect((await plane.rows(target, Incident)).map(({ title }) => title)).toEqual(['Own']);
    expect(await plane.rows(target, User)).toHaveLength(1);
  });

  it('and a user who writes at the same time do not both succeed', async () => {
    // The rows are stored, but not committed.
    const pause = Pause.behind(plane.app.get(ImportedRows), 'store');
    const { body } = await send(archive);
    await pause.reached;
    const report = plane
      .post('/api/incidents', { title: 'Own', severity: 'P3' }, admin)
      .then((answer) => answer);
    await endedOrWaiting(plane, report);
    pause.release();
    expect(await ended(body.id)).toMatchObject({ status: 'ready' });
    const { status, body: own } = await report;
    expect([status, own.number]).toEqual([
      201,
      `INC-${String(rowsIn(files, 'incidents').length + 1).padStart(8, '0')}`,
    ]);
  });

  it('is refused while another import is running', async () => {
    const pause = Pause.before(plane.app.get(ImportedRows), 'verify');
    const { body: first } = await send(archive);
    await pause.reached;
    expect(await send(archive)).toMatchObject({
      status: 409,
      body: { code: 'import_running', import_id: first.id },
    });
    pause.release();
    expect(await ended(first.id)).toMatchObject({ status: 'ready' });
    // The response may have been lost, and the archive is sent again.
    expect(await send(archive)).toMatchObject({
      status: 409,
      body: { code: 'tenant_not_empty', import_id: first.id },
    });
  });

  it('stores nothing if the requesting admin is no longer one', async () => {
    const second = { ...(await plane.user(target, 'admin')), host: admin.host };
    const pause = Pause.before(plane.app.get(ImportedRows), 'verify');
    const { body } = await send(archive, second);
    await pause.reached;
    await plane.patch(`/api/users/${second.id}`, { role: 'operator' }, admin).expect(200);
    pause.release();
    expect(await ended(body.id)).toMatchObject({ status: 'failed', failure: { code: 'forbidden' } });
    expect(await plane.rows(target, Incident)).toEqual([]);
  });

  it('stores nothing once the tenant is suspended', async () => {
    const pause = Pause.before(plane.app.get(ImportedRows), 'verify');
    const { body } = await send(archive);
    await pause.reached;
    const suspended = { ...target, status: 'suspended', entry_revision: target.entry_revision + 1 } as const;
    await plane.apply({ tenants: [suspended] });
    pause.release();
    const end = async (): Promise<string | undefined> => (await plane.rows(target, Import))[0]?.failure?.code;
    await eventually(async () => (await end()) !== undefined, { what: 'the import has ended' });
    expect(await end()).toBe('tenant_suspended');
    expect(await plane.rows(target, Incident)).toEqual([]);
    expect(body.status).toBe('running');
  });

  it('is refused if the session ends during the upload', async () => {
    const arrival = jest.spyOn(plane.app.get(UserWrites), 'by');
    // The regular check would end the upload before it is complete.
    const check = jest.spyOn(plane.app.get(OngoingAnswers), 'look').mockResolvedValue();
    const upload = httpRequest(`${plane.url}/api/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.session}`, 'content-type': 'application/gzip' },
    });
    const answer = new Promise<number | undefined>((resolve) =>
      upload.on('response', (response) => resolve(response.resume().statusCode)),
    );
    upload.write(archive.subarray(0, 1000));
    await eventually(async () => (await plane.rows(target, Import)).length === 1, { what: 'it has begun' });
    await plane.post('/api/auth/logout', undefined, admin).expect(204);
    upload.end(archive.subarray(1000));
    expect(await answer).toBe(401);
    expect(arrival).toHaveBeenCalledTimes(2);
    for (const spy of [arrival, check]) spy.mockRestore();
    expect(await plane.rows(target, Import)).toMatchObject([
      { status: 'failed', failure: { code: 'unauthenticated' } },
    ]);
    expect(await isEmpty(plane, target)).toBe(true);
  });

  it('fails if the upload breaks off, and can then be repeated', async () => {
    const upload = httpRequest(`${plane.url}/api/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.session}`, 'content-type': 'application/gzip' },
    });
    upload.on('error', () => undefined);
    upload.write(archive.subarray(0, 1000));
    await eventually(async () => (await plane.rows(target, Import)).length === 1, { what: 'it has begun' });
    upload.destroy();
    await eventually(async () => (await plane.rows(target, Import))[0]?.status === 'failed');
    expect(await plane.rows(target, Import)).toMatchObject([{ failure: { code: 'upload_interrupted' } }]);
    expect(await importing(archive)).toMatchObject({ status: 'ready' });
  });

  it('fails if its process dies, and can then be repeated', async () => {
    const silent = jest.spyOn(BackgroundRuns.prototype, 'start').mockImplementation();
    const { body } = await send(archive);
    const [run] = silent.mock.calls.flat();
    silent.mockRestore();
    clock.advance(121);
    await plane.app.get(DueWork).sweep();
    expect(await ended(body.id)).toMatchObject({ status: 'failed', failure: { code: 'interrupted' } });
    expect(await importing(archive)).toMatchObject({ status: 'ready' });
    // Closes the file, as the end of the process would.
    await run?.fail(new Error('The process has ended.'));
  });

  it('is for admins only', async () => {
    for (const role of USER_ROLES.slice(1)) {
      const by = await plane.user(target, role);
      expect((await send(archive, by)).status).toBe(403);
      await plane.get(`/api/imports/${randomUUID()}`, by).expect(403);
    }
    expect(await plane.rows(target, Import)).toEqual([]);
  });

  it('cannot be seen by another tenant', async () => {
    const { id } = await importing(archive);
    expect((await plane.get(`/api/imports/${id}`, owner).expect(404)).body.code).toBe('import_not_found');
  });

  it('accepts only gzip, and only on its own route', async () => {
    expect((await send(archive, admin, 'application/octet-stream')).status).toBe(415);
    expect((await send(Buffer.from('{}'), admin, 'application/json')).status).toBe(415);
    const answer = await fetch(`${plane.url}/api/incidents`, {
      method: 'POST',
      body: new Uint8Array(archive),
      headers: { authorization: `Bearer ${admin.session}`, 'content-type': 'application/gzip' },
    });
    expect(answer.status).toBe(415);
    for (const body of [Buffer.from('no gzip at all'), Buffer.alloc(0)])
      expect(await send(body)).toMatchObject({ status: 422, body: { code: 'archive_foreign' } });
  });

  const altered = (at: number): Buffer => {
    const plain = gunzipSync(archive);
    plain[at] = (plain[at] ?? 0) ^ 1;
    return gzipSync(plain);
  };
  const manifestWith = (changes: object): Buffer => {
    const manifest = Buffer.from(JSON.stringify({ ...manifestIn(files), ...changes }));
    return packed(entriesOf({ ...files, 'manifest.json': manifest }));
  };
  const tablesWith = (change: (table: ArchiveManifest['tables'][number]) => object): Buffer =>
    manifestWith({ tables: manifestIn(files).tables.map((table) => ({ ...table, ...change(table) })) });
  const evil = (name: string): Buffer => packed([...entriesOf(files), [name, Buffer.from('x')]]);

  it.each<[string, string, () => Buffer]>([
    ['is truncated', 'archive_damaged', () => archive.subarray(0, archive.length - 200)],
    ['is truncated to its first bytes', 'archive_damaged', () => archive.subarray(0, 40)],
    ['has a changed byte when packed', 'archive_damaged', () => damaged(archive)],
    [
      'has a changed byte in a row',
      'archive_damaged',
      () => altered(gunzipSync(archive).indexOf('Disk full')),
    ],
    [
      'has a changed byte in a header',
      'archive_damaged',
      () => altered(gunzipSync(archive).lastIndexOf('incidents.ndjson')),
    ],
    ['is another kind of archive', 'archive_foreign', () => packed([['readme.txt', Buffer.from('hello')]])],
    ['is no archive', 'archive_foreign', () => gzipSync('hello '.repeat(1000))],
    ['has another format', 'archive_foreign', () => manifestWith({ format: 'other' })],
    ['has a later version', 'archive_too_new', () => manifestWith({ version: 2 })],
    [
      'has an unknown table',
      'archive_too_new',
      () => tablesWith(({ name }) => (name === 'incidents' ? { name: 'x', file: 'x.ndjson' } : {})),
    ],
    [
      'has an unknown column',
      'archive_too_new',
      () => rewritten(files, 'incidents', (rows) => rows.map((row) => ({ ...row, zebra: 1 }))),
    ],
    [
      'has a password hash',
      'archive_too_new',
      () =>
        tablesWith(({ name, columns }) =>
          name === 'users' ? { columns: [...columns, 'password_hash'].sort() } : {},
        ),
    ],
    ['names a file outside its folder', 'archive_damaged', () => evil('../../etc/passwd')],
    ['names an absolute path', 'archive_damaged', () => evil('/etc/passwd')],
    ['has a file twice', 'archive_damaged', () => evil('incidents.ndjson')],
    ['has a file too many', 'archive_damaged', () => evil('sessions.ndjson')],
    ['lacks a file', 'archive_damaged', () => packed(entriesOf(files).slice(0, -1))],
    [
      'has its files in another order',
      'archive_damaged',
      () => {
        const [manifest, users, ...others] = entriesOf(files);
        return packed([manifest, ...others, users].filter((entry) => entry !== undefined));
      },
    ],
    ['states a wrong count', 'archive_damaged', () => tablesWith(({ rows }) => ({ rows: rows + 1 }))],
    ['states a wrong SHA-256', 'archive_damaged', () => tablesWith(() => ({ sha256: '0'.repeat(64) }))],
    ['states a wrong size', 'archive_damaged', () => tablesWith(({ bytes }) => ({ bytes: bytes + 1 }))],
    ['has a manifest without tables', 'archive_damaged', () => manifestWith({ tables: null })],
    ['has a row that is not JSON', 'archive_damaged', () => rewritten(files, 'incidents', () => ['x'])],
    [
      'has a row twice',
      'archive_rows_refused',
      () => rewritten(files, 'incidents', (rows) => [...rows, ...rows.slice(-1)]),
    ],
    [
      'has a value that cannot be stored',
      'archive_rows_refused',
      () => rewritten(files, 'incidents', (rows) => rows.map((row) => ({ ...row, created_at: 'yesterday' }))),
    ],
    [
      'has a value that would be stored differently',
      'archive_rows_refused',
      () =>
        rewritten(files, 'incidents', (rows) =>
          rows.map((row) => ({ ...row, created_at: '2030-01-01T00:00:00+00:00' })),
        ),
    ],
    [
      'has a user with an unknown role',
      'archive_rows_refused',
      () => rewritten(files, 'users', (rows) => rows.map((row) => ({ ...row, role: 'root' }))),
    ],
    [
      'has a counter that is not a number',
      'archive_rows_refused',
      () => rewritten(files, 'tenant_counters', (rows) => rows.map((row) => ({ ...row, value: 'many' }))),
    ],
  ])('keeps nothing of an archive that %s', async (_, code, make) => {
    const { status, failure } = await importing(make());
    expect({ status, code: failure?.code }).toEqual({ status: 'failed', code });
    expect(await isEmpty(plane, target)).toBe(true);
  });

  describe('of a decompression bomb', () => {
    const GIB = 1024 ** 3;
    /** An archive up to the content of this file, whose size is said to be a gibibyte. */
    const upTo = (name: string): Buffer => {
      const { tables, ...manifest } = manifestIn(files);
      const claimed = tables.map((table) => (table.file === name ? { ...table, bytes: GIB } : table));
      const document = Buffer.from(JSON.stringify({ ...manifest, tables: claimed }));
      const before = entriesOf({ ...files, 'manifest.json': document }).slice(0, NAMES.indexOf(name));
      const start = gunzipSync(packed(before)).subarray(0, -1024);
      return gzipSync(Buffer.concat([start, tarHeader({ name, size: GIB }, new Date(0))]));
    };
    const repeated = (text: Buffer): Buffer => {
      const inner = gzipSync(text);
      return Buffer.concat(Array.from({ length: Math.ceil(GIB / text.length) }, () => inner));
    };

    it.each<[string, string, () => Buffer]>([
      ['zeros', 'archive_foreign', () => repeated(Buffer.alloc(16_777_216))],
      [
        'a file of zeros',
        'archive_damaged',
        () => Buffer.concat([upTo('incidents.ndjson'), repeated(Buffer.alloc(16_777_216))]),
      ],
      [
        'the same row again and again',
        'archive_too_large',
        () => {
          const [line] = String(files['audit_events.ndjson']).split('\n');
          return Buffer.concat([
            upTo('audit_events.ndjson'),
            repeated(Buffer.from(`${line}\n`.repeat(20_000))),
          ]);
        },
      ],
      [
        'zeros after the end',
        'archive_damaged',
        () => Buffer.concat([archive, repeated(Buffer.alloc(16_777_216))]),
      ],
    ])(
      'stores nothing, in bounded memory: %s',
      async (_, code, make) => {
        const bomb = make();
        const sizes: number[] = [];
        const watch = setInterval(() => sizes.push(process.memoryUsage().rss), 5);
        const before = process.memoryUsage().rss;
        const { status, failure } = await importing(bomb);
        clearInterval(watch);
        expect({ status, code: failure?.code }).toEqual({ status: 'failed', code });
        expect(Math.max(...sizes) - before).toBeLessThan(GIB / 4);
        expect(await isEmpty(plane, target)).toBe(true);
      },
      60_000,
    );
  });
});

describe.each([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
] as const)('an archive from %s', (from, to) => {
  it(`is imported on ${to}, and exported there again, row by row`, async () => {
    const [one, other] = [await TestTenantPlane.boot(from), await TestTenantPlane.boot(to)];
    const { tenant, admin: owner } = await one.tenantWithAdmin('source');
    await fillEveryTable(one, tenant);
    const attributes = { z: [1.5, null, { b: 1, a: 'x' }], a: true };
    const item = { name: 'ä 👍', type: 'server', attributes };
    await one.post('/api/cmdb/items', item, owner).expect(201);
    const archive = await archiveOf(one, owner);
    const { admin } = await other.tenantWithAdmin('target');
    expect(await imported(other, archive, admin)).toMatchObject({ status: 'ready', failure: null });
    const [before, after] = [unpacked(archive), unpacked(await archiveOf(other, admin))];
    for (const table of UNCHANGED)
      expect([table, String(after[`${table}.ndjson`])]).toEqual([table, String(before[`${table}.ndjson`])]);
    await one.close();
    await other.close();
  });
});
