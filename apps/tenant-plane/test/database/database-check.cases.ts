import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessLock, databaseTarget, migrateFirst } from '@atlas/persistence';
import { parseEnvironment } from '@atlas/platform';
import { type CheckOutcome } from '@atlas/tenant-api/deployment';
import { APP_ROLE, type TestDatabase, asAdmin, createTestDatabase, testServerUrl } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { databaseCheck } from '../../src/control-plane-checks/database.check';
import { type Egress } from '../../src/egress/egress';
import { databaseOptions } from '../../src/schema/database-options';
import { TENANT_PLANE_SCHEMA } from '../../src/schema/tenant-plane-schema';

function configFor(url: string, owner?: string): TenantPlaneConfig {
  return parseEnvironment(TenantPlaneConfig, {
    ATLAS_OFFLINE_MODE: '1',
    ATLAS_TP_DEPLOYMENT: 'on_prem',
    TENANT_PLANE_DATABASE_URL: url,
    TENANT_PLANE_MIGRATION_DATABASE_URL: owner,
  });
}

function check(url: string, owner?: string): Promise<CheckOutcome> {
  const config = configFor(url, owner);
  return databaseCheck.run({
    config,
    database: databaseTarget(url),
    schema: TENANT_PLANE_SCHEMA,
    egress: {} as Egress,
    isEnrolled: false,
    otherModel: null,
    model: 'on_prem',
    running: () => Promise.resolve(null),
    controlPlane: new URL('http://127.0.0.1'),
    probe: () => Promise.reject(new Error('must not be called')),
  });
}

describe('the database check on SQLite', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'atlas-database-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('accepts a missing file, and creates neither the file nor its folder', async () => {
    expect(await check(join(folder, 'data/tp.db'))).toEqual({
      ok: true,
      detail: expect.stringMatching(/tp\.db will be created$/),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('accepts the file of a plane, and leaves it unchanged', async () => {
    const file = join(folder, 'tp.db');
    await migrateFirst(databaseOptions(configFor(file)));
    const before = readdirSync(folder);
    expect(await check(file)).toMatchObject({ ok: true });
    expect(readdirSync(folder)).toEqual(before);
  });

  it('reports a file that another process uses, until that process releases it', async () => {
    const file = join(folder, 'tp.db');
    await migrateFirst(databaseOptions(configFor(file)));
    const lock = await ProcessLock.take(file);
    expect(await check(file)).toEqual({
      ok: false,
      detail: expect.stringContaining(`in use by another process (process ${process.pid})`),
      fix: expect.stringContaining('only one process'),
    });
    await lock.release();
    expect(await check(file)).toMatchObject({ ok: true });
  });

  it.each([
    ['a path whose folder is a file', 'file/tp.db', /not a folder/],
    ['a file that is not SQLite', 'file', /not a SQLite database/],
    ['an empty file', 'empty', /is empty \(0 bytes\).*restore it from a backup/],
    ['a folder', 'folder', /not a file/],
  ])('reports %s', async (_, path, detail) => {
    writeFileSync(join(folder, 'file'), 'text that is longer than sixteen characters');
    writeFileSync(join(folder, 'empty'), '');
    mkdirSync(join(folder, 'folder'));
    expect(await check(join(folder, path))).toEqual({
      ok: false,
      detail: expect.stringMatching(detail),
      fix: expect.stringContaining('TENANT_PLANE_DATABASE_URL'),
    });
  });
});

describe('the database check on Postgres', () => {
  let database: TestDatabase;
  let owner: string;
  beforeEach(async () => {
    database = await createTestDatabase('postgres');
    owner = database.ownerUrl ?? '';
  });
  afterEach(() => database.drop());

  const changed = (url: string, change: (parts: URL) => void): string => {
    const parts = new URL(url);
    change(parts);
    return parts.toString();
  };
  const tables = (): Promise<number> =>
    asAdmin(owner, async (client) => {
      const { rowCount } = await client.query(`select 1 from pg_tables where schemaname = 'public'`);
      return rowCount ?? 0;
    });

  it('accepts an ordinary owner before and after the first start, and creates nothing', async () => {
    const accepted = { ok: true, detail: expect.stringContaining('a plain role, which is enough') };
    expect(await check(owner)).toEqual(accepted);
    expect(await tables()).toBe(0);
    await migrateFirst(databaseOptions(configFor(owner)));
    expect(await check(owner)).toEqual(accepted);
  });

  it('accepts a superuser, but mentions it', async () => {
    const url = changed(testServerUrl(), (parts) => (parts.pathname = new URL(owner).pathname));
    expect(await check(url)).toEqual({ ok: true, detail: expect.stringContaining('a superuser') });
  });

  it('reports a role that may not create tables, unless another role runs the migrations', async () => {
    expect(await check(database.url)).toEqual({
      ok: false,
      detail: expect.stringContaining(`"${APP_ROLE}" may not create tables`),
      fix: expect.stringContaining('need not be a superuser'),
    });
    expect(await check(database.url, owner)).toMatchObject({ ok: true });
  });

  it('reports tables that belong to another role', async () => {
    await migrateFirst(databaseOptions(configFor(owner)));
    await asAdmin(owner, (client) => client.query(`grant create on schema public to ${APP_ROLE}`));
    expect(await check(database.url)).toEqual({
      ok: false,
      detail: expect.stringMatching(/does not own .*plane_identity/),
      fix: expect.stringContaining('reassign owned'),
    });
  });

  it.each([
    ['a wrong password', (parts: URL) => (parts.password = 'hidden-word'), /user and password/],
    ['a missing database', (parts: URL) => (parts.pathname = '/nowhere'), /create database/],
    ['a closed port', (parts: URL) => (parts.port = '1'), /host and port/],
    ['an unknown host name', (parts: URL) => (parts.hostname = 'db.invalid'), /host and port/],
  ])('reports %s, without repeating the password', async (_, change, fix) => {
    const found = await check(changed(owner, change));
    expect(found).toEqual({ ok: false, detail: expect.any(String), fix: expect.stringMatching(fix) });
    expect(found.fix).toContain('TENANT_PLANE_DATABASE_URL');
    for (const hidden of ['hidden-word', 'local-only']) expect(JSON.stringify(found)).not.toContain(hidden);
  });
});
