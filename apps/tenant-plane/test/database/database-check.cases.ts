import { type CheckOutcome } from '@atlas/tenant-api';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessLock, databaseTarget, migrateFirst } from '@atlas/persistence';
import { parseEnvironment } from '@atlas/platform';
import { APP_ROLE, type TestDatabase, asAdmin, createTestDatabase, testServerUrl } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { databaseCheck } from '../../src/control-plane-checks/database.check';
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
    isEnrolled: false,
    otherModel: null,
    model: 'on_prem',
    running: () => Promise.resolve(null),
    controlPlane: new URL('http://127.0.0.1'),
    probe: () => Promise.reject(new Error('not asked')),
  });
}

describe('the check of a SQLite file', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'atlas-database-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is well with one that is not there yet, and makes neither it nor its folder', async () => {
    expect(await check(join(folder, 'data/tp.db'))).toEqual({
      ok: true,
      detail: expect.stringMatching(/tp\.db will be created$/),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is well with one that a plane has made, and leaves it as it is', async () => {
    const file = join(folder, 'tp.db');
    await migrateFirst(databaseOptions(configFor(file)));
    const before = readdirSync(folder);
    expect(await check(file)).toMatchObject({ ok: true });
    expect(readdirSync(folder)).toEqual(before);
  });

  it('tells of one that another process has, until that ends', async () => {
    const file = join(folder, 'tp.db');
    await migrateFirst(databaseOptions(configFor(file)));
    const lock = await ProcessLock.take(file);
    expect(await check(file)).toEqual({
      ok: false,
      detail: expect.stringContaining(`in use by another process (process ${process.pid})`),
      fix: expect.stringContaining('serves one'),
    });
    await lock.release();
    expect(await check(file)).toMatchObject({ ok: true });
  });

  it.each([
    ['a place below a file', 'file/tp.db', /not a folder/],
    ['something else than SQLite', 'file', /not a SQLite database/],
    ['an empty file', 'empty', /is empty \(0 bytes\).*restore it from a backup/],
    ['a folder', 'folder', /not a file/],
  ])('tells of %s', async (_, path, detail) => {
    writeFileSync(join(folder, 'file'), 'a text that is longer than sixteen characters');
    writeFileSync(join(folder, 'empty'), '');
    mkdirSync(join(folder, 'folder'));
    expect(await check(join(folder, path))).toEqual({
      ok: false,
      detail: expect.stringMatching(detail),
      fix: expect.stringContaining('TENANT_PLANE_DATABASE_URL'),
    });
  });
});

describe('the check of a Postgres database', () => {
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

  it('is well with one plain owner, before the first start and after, and makes nothing', async () => {
    const well = { ok: true, detail: expect.stringContaining('a plain role, which is enough') };
    expect(await check(owner)).toEqual(well);
    expect(await tables()).toBe(0);
    await migrateFirst(databaseOptions(configFor(owner)));
    expect(await check(owner)).toEqual(well);
  });

  it('says when it is a superuser', async () => {
    const url = changed(testServerUrl(), (parts) => (parts.pathname = new URL(owner).pathname));
    expect(await check(url)).toEqual({ ok: true, detail: expect.stringContaining('a superuser') });
  });

  it('tells of a role that may not make tables, unless another one migrates', async () => {
    expect(await check(database.url)).toEqual({
      ok: false,
      detail: expect.stringContaining(`"${APP_ROLE}" may not create tables`),
      fix: expect.stringContaining('one plain owner is enough'),
    });
    expect(await check(database.url, owner)).toMatchObject({ ok: true });
  });

  it('tells of tables that are another role’s', async () => {
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
    ['no such database', (parts: URL) => (parts.pathname = '/nowhere'), /create database/],
    ['nobody there', (parts: URL) => (parts.port = '1'), /host and port/],
    ['a name that is not known', (parts: URL) => (parts.hostname = 'db.invalid'), /host and port/],
  ])('tells of %s, and repeats no password', async (_, change, fix) => {
    const found = await check(changed(owner, change));
    expect(found).toEqual({ ok: false, detail: expect.any(String), fix: expect.stringMatching(fix) });
    expect(found.fix).toContain('TENANT_PLANE_DATABASE_URL');
    for (const hidden of ['hidden-word', 'local-only']) expect(JSON.stringify(found)).not.toContain(hidden);
  });
});
