import { createHash, randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type ExportView } from '@atlas/tenant-api/exports';
import { USER_ROLES } from '@atlas/tenant-api/users';
import { EVERY_DATABASE, FixedClock, eventually } from '@atlas/testing';
import { removeChunks } from '../../src/archives/archive-chunks';
import { ArchiveWriter } from '../../src/archives/archive-writer';
import { BackgroundRuns } from '../../src/archives/background-runs';
import { UserWrites } from '../../src/access/user-writes';
import { ExportRuns } from '../../src/archives/export-runs';
import { Export } from '../../src/archives/export.entity';
import { EXPORTED_TABLES, WITHHELD_TABLES } from '../../src/archives/exported-tables';
import { Incident } from '../../src/incidents/incident.entity';
import { DueWork } from '../../src/due/due-work';
import { TENANT_SCOPED_ENTITIES } from '../../src/schema/tenant-plane-schema';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { fillEveryTable } from '../rows.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';
import { archiveOf, downloaded, endOf, exported, manifestIn, rowsIn, unpacked } from './archive.fixture';

/** Pauses the next export once it has read its first table. */
function pauseAfterFirstTable(): { readonly reached: Promise<void>; readonly release: () => void } {
  let [reach, release] = [(): void => undefined, (): void => undefined];
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const add = ArchiveWriter.prototype.add;
  jest.spyOn(ArchiveWriter.prototype, 'add').mockImplementationOnce(async function (
    this: ArchiveWriter,
    ...given
  ) {
    await add.apply(this, given);
    reach();
    await released;
  });
  return { reached, release };
}

const WEEK_SECONDS = 7 * 24 * 3600;

describe.each(EVERY_DATABASE)('an export on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`));
  });

  const report = async (fields: object = {}): Promise<string> => {
    const body = { title: 'Disk full', severity: 'P2', ...fields };
    return (await plane.post('/api/incidents', body, admin).expect(201)).body.id;
  };
  const chunks = async (): Promise<number> => {
    const rows = await plane.tenants.read(tenant.tenant_id, ({ manager }) =>
      manager.query<unknown[]>('select 1 from export_chunks where tenant_id = $1', [tenant.tenant_id]),
    );
    return rows.length;
  };
  const view = async (id: string): Promise<ExportView> =>
    (await plane.get(`/api/exports/${id}`, admin).expect(200)).body;

  it('contains a manifest, and the rows of each table with their count and SHA-256', async () => {
    await fillEveryTable(plane, tenant);
    const files = unpacked(await archiveOf(plane, admin));
    const manifest = manifestIn(files);
    expect(manifest).toMatchObject({
      format: 'atlas-tenant-export',
      version: 1,
      exported_at: clock.now().toISOString(),
      tenant: { id: tenant.tenant_id, slug: tenant.slug, name: tenant.name },
    });
    expect(Object.keys(files).sort()).toEqual(
      ['manifest.json', ...manifest.tables.map(({ file }) => file)].sort(),
    );
    expect(manifest.tables.map(({ name }) => name)).toEqual(Object.keys(EXPORTED_TABLES));
    for (const { name, file, rows, bytes, sha256, columns } of manifest.tables) {
      const content = files[file] ?? Buffer.alloc(0);
      expect({ name, rows, bytes, sha256 }).toEqual({
        name,
        rows: rowsIn(files, name).length,
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      });
      expect(rows).toBeGreaterThan(0);
      for (const row of rowsIn(files, name)) expect(Object.keys(row)).toEqual(columns);
    }
    const incidents = await plane.rows(tenant, Incident);
    expect(rowsIn(files, 'incidents').map(({ id }) => id)).toEqual(incidents.map(({ id }) => id).sort());
  });

  it('contains no password, session, token or key', async () => {
    await fillEveryTable(plane, tenant);
    const text = Object.values(unpacked(await archiveOf(plane, admin))).join('\n');
    const secrets = await plane.tenants.read(tenant.tenant_id, async ({ manager, tenantId }) => {
      const columns = ['users.password_hash', 'sessions.token_hash', 'sessions.refresh_hash'];
      const found = columns.map(async (name) => {
        const [table, column] = name.split('.');
        const sql = `select ${column} as secret from ${table} where tenant_id = $1`;
        return manager.query<{ secret: string }[]>(sql, [tenantId]);
      });
      return (await Promise.all(found)).flat().map(({ secret }) => secret);
    });
    const kept = secrets.filter((secret) => secret !== 'none' && secret !== '');
    expect(kept.length).toBeGreaterThan(2);
    for (const secret of kept) expect(text).not.toContain(secret);
  });

  it('is a single snapshot, although the tenant stays in use', async () => {
    await report();
    const { reached, release } = pauseAfterFirstTable();
    const { body } = await plane.post('/api/exports', undefined, admin).expect(202);
    await reached;
    await report({ title: 'Later' });
    release();
    expect(await endOf(plane, body.id, admin)).toMatchObject({ status: 'ready' });
    const files = unpacked((await downloaded(plane, body.id, admin)).bytes);
    expect(rowsIn(files, 'incidents').map(({ title }) => title)).toEqual(['Disk full']);
    const [counter] = rowsIn(files, 'tenant_counters');
    expect(counter).toMatchObject({ value: 1 });
  });

  it('is refused while another export of the tenant is running, and does not disturb it', async () => {
    const pause = Pause.before(plane.app.get(ExportRuns), 'finish');
    const { body: first } = await plane.post('/api/exports', undefined, admin).expect(202);
    await pause.reached;
    const { body } = await plane.post('/api/exports', undefined, admin).expect(409);
    expect(body.code).toBe('export_running');
    expect((await plane.get(`/api/exports/${first.id}/download`, admin).expect(409)).body.code).toBe(
      'export_running',
    );
    pause.release();
    expect(await endOf(plane, first.id, admin)).toMatchObject({ status: 'ready', failure: null });
    await exported(plane, admin);
  });

  it('starts only once when two are requested at the same time', async () => {
    const answers = await Promise.all([1, 2].map(() => plane.post('/api/exports', undefined, admin)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const { body } = await plane.get('/api/exports', admin).expect(200);
    expect(body.items).toHaveLength(1);
    await endOf(plane, body.items[0].id, admin);
  });

  it('is requested only once if the request is repeated with its key', async () => {
    const once = { ...admin, headers: { 'idempotency-key': randomUUID() } };
    const { body: first } = await plane.post('/api/exports', undefined, once).expect(202);
    await endOf(plane, first.id, admin);
    expect((await plane.post('/api/exports', undefined, once).expect(202)).body).toEqual(first);
    expect((await plane.get('/api/exports', admin)).body.items).toHaveLength(1);
  });

  it('is recorded in the audit trail, with each download', async () => {
    const { id, requested_by: by, size_bytes: size, rows } = await exported(plane, admin);
    expect(by).toBe(admin.id);
    await downloaded(plane, id, admin);
    await downloaded(plane, id, admin, { range: 'bytes=0-9' });
    const entries = (await plane.audit(tenant)).filter(({ targetId }) => targetId === id);
    expect(entries.map(({ action, actorId, after }) => [action, actorId, after])).toEqual([
      ['export.requested', admin.id, null],
      ['export.finished', admin.id, { bytes: size, rows }],
      ['export.downloaded', admin.id, { from: 0, to: (size ?? 0) - 1 }],
      ['export.downloaded', admin.id, { from: 0, to: 9 }],
    ]);
  });

  it('fails if its process dies, and another one can be requested', async () => {
    // A process that has died neither finishes nor says that it is still working.
    const silent = jest.spyOn(BackgroundRuns.prototype, 'start').mockImplementation();
    const { body } = await plane.post('/api/exports', undefined, admin).expect(202);
    silent.mockRestore();
    await plane.app.get(DueWork).sweep();
    expect(await view(body.id)).toMatchObject({ status: 'running' });
    clock.advance(121);
    await plane.app.get(DueWork).sweep();
    expect(await view(body.id)).toMatchObject({ status: 'failed', failure: { code: 'interrupted' } });
    expect(await exported(plane, admin)).toMatchObject({ status: 'ready' });
  });

  it('does not finish after another process has recorded it as interrupted', async () => {
    const pause = Pause.before(plane.app.get(ExportRuns), 'finish');
    const { body } = await plane.post('/api/exports', undefined, admin).expect(202);
    await pause.reached;
    clock.advance(121);
    await plane.app.get(DueWork).sweep();
    expect(await chunks()).toBe(0);
    pause.release();
    const next = await exported(plane, admin);
    expect(await view(body.id)).toMatchObject({ status: 'failed', failure: { code: 'interrupted' } });
    expect(next.status).toBe('ready');
  });

  it('leaves no part behind that was being stored while another process ended it', async () => {
    const pause = pauseAfterFirstTable();
    const { body } = await plane.post('/api/exports', undefined, admin).expect(202);
    await pause.reached;
    const runs = Reflect.get(plane.app.get(ExportRuns), 'runs') as BackgroundRuns;
    await plane.tenants.write(tenant.tenant_id, async (scope) => {
      await scope.update(Export, { id: body.id }, { status: 'failed', dueAt: null });
      await removeChunks(scope, body.id);
      pause.release();
      await endedOrWaiting(plane, runs.settled());
    });
    await runs.settled();
    expect(await chunks()).toBe(0);
  });

  it.each([
    ['suspended', { status: 'suspended' }, 'tenant_suspended'],
    ['moved away', { phase: 'retired', moved_to: 'https://new.example.com' }, 'tenant_frozen'],
  ] as const)('does not finish once the tenant is %s', async (_, changes, code) => {
    const pause = Pause.before(plane.app.get(ExportRuns), 'finish');
    const { body } = await plane.post('/api/exports', undefined, admin).expect(202);
    await pause.reached;
    const entry = { ...tenant, entry_revision: tenant.entry_revision + 1 };
    await plane.apply({ tenants: [{ ...entry, ...changes }] });
    pause.release();
    await eventually(async () => (await chunks()) === 0, { what: 'the export has failed' });
    await plane.apply({ tenants: [{ ...tenant, entry_revision: tenant.entry_revision + 2 }] });
    const row = await plane.tenants.read(tenant.tenant_id, (scope) => scope.findOne(Export, { id: body.id }));
    expect(row).toMatchObject({ status: 'failed', failure: { code: expect.stringMatching(code) } });
  });

  it('leaves with the tenant when its rows are removed', async () => {
    await exported(plane, admin);
    expect(await chunks()).toBeGreaterThan(0);
    const entry = { ...tenant, entry_revision: tenant.entry_revision + 1 };
    await plane.apply({ tenants: [{ ...entry, phase: 'retired', purge: { job_id: randomUUID() } }] });
    expect(await chunks()).toBe(0);
    expect(await plane.rows(tenant, Export)).toEqual([]);
  });

  it('is for admins only', async () => {
    const { id } = await exported(plane, admin);
    for (const role of USER_ROLES.slice(1)) {
      const by = await plane.user(tenant, role);
      await plane.post('/api/exports', undefined, by).expect(403);
      for (const path of ['', `/${id}`, `/${id}/download`])
        await plane.get(`/api/exports${path}`, by).expect(403);
    }
  });

  it('cannot be seen or downloaded by another tenant', async () => {
    const { id } = await exported(plane, admin);
    const { admin: other } = await plane.tenantWithAdmin(`globex-${count}`);
    for (const path of [`/${id}`, `/${id}/download`])
      expect((await plane.get(`/api/exports${path}`, other).expect(404)).body.code).toBe('export_not_found');
    expect((await plane.get('/api/exports', other).expect(200)).body.items).toEqual([]);
  });

  describe('can be downloaded', () => {
    let id: string;
    let whole: Buffer;
    let etag: string;
    beforeEach(async () => {
      await Promise.all(Array.from({ length: 5 }, () => report({ description: randomUUID() })));
      ({ id } = await exported(plane, admin));
      const answer = await downloaded(plane, id, admin);
      [whole, etag] = [answer.bytes, answer.headers.get('etag') ?? ''];
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'application/gzip',
        'content-length': String(whole.length),
        'accept-ranges': 'bytes',
        'cache-control': 'no-store',
        'content-disposition': expect.stringContaining(`${id}.tar.gz`),
      });
    });

    it.each([
      ['bytes=0-0', 0, 1],
      ['bytes=100-1999', 100, 2000],
      ['bytes=700-', 700, Infinity],
      ['bytes=-50', -50, Infinity],
      ['bytes=0-99999999', 0, Infinity],
    ])('in part: %s', async (range, from, to) => {
      const answer = await downloaded(plane, id, admin, { range });
      const start = from < 0 ? whole.length + from : from;
      const end = Math.min(to, whole.length);
      expect(answer.status).toBe(206);
      expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${whole.length}`);
      expect(answer.headers.get('content-length')).toBe(String(end - start));
      expect(answer.bytes.equals(whole.subarray(start, end))).toBe(true);
    });

    it('in parts, which together are the whole archive', async () => {
      const parts: Buffer[] = [];
      for (let from = 0; from < whole.length; from += 777)
        parts.push((await downloaded(plane, id, admin, { range: `bytes=${from}-${from + 776}` })).bytes);
      expect(Buffer.concat(parts).equals(whole)).toBe(true);
    });

    it('as a whole if the requested range is malformed, or of another archive', async () => {
      for (const range of ['bytes=5-2', 'bytes=a-b', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-'])
        expect((await downloaded(plane, id, admin, { range })).bytes.length).toBe(whole.length);
      const stale = { range: 'bytes=1-', 'if-range': '"other"' };
      expect((await downloaded(plane, id, admin, stale)).status).toBe(200);
      expect((await downloaded(plane, id, admin, { ...stale, 'if-range': etag })).status).toBe(206);
    });

    it('but not beyond its end', async () => {
      for (const range of [`bytes=${whole.length}-`, 'bytes=-0']) {
        const answer = await downloaded(plane, id, admin, { range });
        expect([answer.status, answer.headers.get('content-range')]).toEqual([
          416,
          `bytes */${whole.length}`,
        ]);
        expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code: 'range_not_satisfiable' });
      }
    });

    it('for seven days', async () => {
      clock.advance(WEEK_SECONDS - 1);
      await plane.app.get(DueWork).sweep();
      const later = { ...admin, session: (await plane.user(tenant, 'admin')).session };
      expect((await downloaded(plane, id, later)).status).toBe(200);
      clock.advance(1);
      expect((await plane.get(`/api/exports/${id}/download`, later).expect(410)).body.code).toBe(
        'export_expired',
      );
      expect(await chunks()).toBeGreaterThan(0);
      await plane.app.get(DueWork).sweep();
      expect(await chunks()).toBe(0);
      expect((await plane.get(`/api/exports/${id}`, later)).body.status).toBe('expired');
      await plane.get(`/api/exports/${id}/download`, later).expect(410);
    });

    it('but not by an admin who signs out while the request is in progress', async () => {
      const pause = Pause.before(plane.app.get(UserWrites), 'by');
      const download = downloaded(plane, id, admin);
      await pause.reached;
      await plane.post('/api/auth/logout', undefined, admin).expect(204);
      pause.release();
      expect((await download).status).toBe(401);
    });
  });
});

describe('the list of exported tables', () => {
  it('states for each tenant-scoped table and each of its columns whether it is exported', async () => {
    const plane = await TestTenantPlane.boot('sqlite');
    const { dataSource } = plane.app.get(Database);
    const stated = Object.entries(EXPORTED_TABLES).map(([table, { columns, withheld = {} }]) => {
      return [table, [...columns, ...Object.keys(withheld)].sort()] as const;
    });
    const actual = TENANT_SCOPED_ENTITIES.map((entity) => dataSource.getMetadata(entity))
      .filter(({ tableName }) => !(tableName in WITHHELD_TABLES))
      .map(({ tableName, columns }) => {
        const names = columns.map(({ databaseName }) => databaseName);
        return [tableName, names.filter((name) => name !== 'tenant_id').sort()] as const;
      });
    expect(Object.fromEntries(stated)).toEqual(Object.fromEntries(actual));
    const tables = TENANT_SCOPED_ENTITIES.map((entity) => dataSource.getMetadata(entity).tableName);
    for (const table of Object.keys(WITHHELD_TABLES)) expect(tables).toContain(table);
    await plane.close();
  });
});
