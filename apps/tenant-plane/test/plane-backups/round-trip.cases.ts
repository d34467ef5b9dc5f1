import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ChangeTracking, Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, type TestDatabase, createTestDatabase } from '@atlas/testing';
import { verifyBackup } from '../../src/plane-backups/verify-backup';
import { fillEveryTable } from '../rows.fixture';
import { type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';
import { BackupPlace, allRows } from './backup.fixture';

describe.each(EVERY_DATABASE)('the backup of a plane on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser;
  let place: BackupPlace;
  let restored: TestDatabase;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
    if (driver === 'postgres') await plane.tenantWithAdmin('beta');
    await fillEveryTable(plane, tenant);
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    place = await BackupPlace.create();
    const empty = await createTestDatabase(driver);
    const url = driver === 'sqlite' ? join(place.folder, 'new/data/tenant-plane.db') : empty.url;
    restored = { ...empty, url };
  });
  afterEach(async () => {
    place.remove();
    await restored.drop();
  });
  const target = (): TestDatabase | undefined => (driver === 'postgres' ? restored : undefined);

  it('brings back every row of every table, as the same plane but another incarnation', async () => {
    const before = await allRows(plane.database);
    await place.backUp(plane.database);
    const { incarnation } = await place.restore('new', target());
    const after = await allRows(restored);
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [table, rows] of before)
      if (table !== 'plane_identity') expect(after.get(table)).toEqual(rows);

    const again = await TestTenantPlane.open(restored);
    try {
      const { instanceId, tenantPlaneId, publicKey, wrappingKeys } = plane.identities.current;
      expect(again.identities.current).toMatchObject({ instanceId, tenantPlaneId, publicKey, wrappingKeys });
      expect(again.identities.current.incarnation).toBe(incarnation);
      expect(again.identities.opensPrivateKey).toBe(true);
      const options = { session: admin.session, host: 'acme.localhost:4200' };
      const { body } = await again.get('/api/incidents', options).expect(200);
      expect(body.items.length).toBeGreaterThan(0);
      await again.post('/api/incidents', { title: 'After', severity: 'P3' }, options).expect(201);
    } finally {
      await again.app.close();
    }
  });

  it("keeps the plane's time, and moves it forward to the moment of the backup", async () => {
    const later = new Date(Date.now() + 3_600_000);
    await plane.identities.update({ latestTime: later });
    const { created_at } = await place.backUp(plane.database);
    expect(created_at).toBe(later.toISOString());
    await plane.identities.update({ latestTime: new Date(0) });
    await place.backUp(plane.database, `${place.archive}2`);
    const { manifest } = await place.restore('new', target(), `${place.archive}2`);
    const again = await TestTenantPlane.open(restored);
    expect(again.identities.current.latestTime).toEqual(new Date(manifest.created_at));
    await again.app.close();
  });

  it('is one moment, although the plane keeps writing', async () => {
    let isOver = false;
    const report = async (): Promise<void> => {
      while (!isOver)
        await plane
          .post(
            '/api/incidents',
            { title: 'Busy', severity: 'P4' },
            { session: admin.session, host: 'acme.localhost:4200' },
          )
          .expect(201);
    };
    const writing = report();
    await place.backUp(plane.database);
    isOver = true;
    await writing;
    await place.restore('new', target());
    const rows = await allRows(restored);
    const text = (table: string): string => (rows.get(table) ?? []).join('\n');
    // An incident and its entry in the audit trail are written in one transaction.
    const created = text('audit_events').match(/incident\.created/g)?.length;
    expect(rows.get('incidents')).toHaveLength(created ?? -1);
  });

  it('contains the env file and the certificates, and only its owner can read it', async () => {
    const certificate = join(place.folder, 'proxy.pem');
    writeFileSync(certificate, 'a certificate', { mode: 0o644 });
    await place.backUp(plane.database, place.archive, [certificate]);
    expect(statSync(place.archive).mode & 0o777).toBe(0o600);
    await place.restore('new', target());
    const folder = join(place.folder, 'new');
    expect(readFileSync(join(folder, 'proxy.pem'), 'utf8')).toBe('a certificate');
    const env = join(folder, 'atlas-tp.env');
    expect(statSync(env).mode & 0o777).toBe(0o600);
    const url = driver === 'sqlite' ? 'data/tenant-plane.db' : restored.url;
    expect(readFileSync(env, 'utf8')).toMatch(/^# The plane\nTENANT_BASE_DOMAIN=localhost:4200\n/);
    expect(readFileSync(env, 'utf8')).toContain(`\nTENANT_PLANE_DATABASE_URL=${url}\n`);
    expect(readdirSync(place.folder).sort()).toEqual(['atlas-tp.env', 'new', 'plane.age', 'proxy.pem']);
  });

  /** To see it fail, let `planeFiles` keep the files of the database. */
  it('can be restored although it includes the folder of the database', async () => {
    if (driver !== 'sqlite') return;
    const data = dirname(plane.database.url);
    const kept = join(data, `kept-${basename(place.folder)}.pem`);
    writeFileSync(kept, 'kept');
    const { folder } = await place
      .backUp(plane.database, place.archive, [plane.database.url, `${plane.database.url}-wal`, kept])
      .finally(() => rmSync(kept));
    expect(folder.map(({ path }) => path)).toEqual(['atlas-tp.env', join('elsewhere', kept)]);
    await place.restore('new');
    expect(readFileSync(join(place.folder, 'new/elsewhere', kept), 'utf8')).toBe('kept');
  });

  it('is verified without the plane: every sum, and the rows of every table', async () => {
    const made = await place.backUp(plane.database);
    const manifest = await verifyBackup(place.archive, place.opener);
    expect(manifest).toEqual(made);
    const { tables } = manifest.database;
    const counted = [...(await allRows(plane.database))].map(([table, rows]) => [table, rows.length]);
    for (const [table, rows] of counted)
      if (tables[String(table)]) expect([table, tables[String(table)]?.rows]).toEqual([table, rows]);
  });

  it('contains a tenant whose rows are frozen, although no write may change them', async () => {
    const tracking = new ChangeTracking(plane.app.get(Database));
    await tracking.freeze(tenant.tenant_id);
    await place.backUp(plane.database);
    await tracking.stop(tenant.tenant_id);
    await place.restore('new', target());
    const [before, after] = [await allRows(plane.database), await allRows(restored)];
    expect(after.get('users')).toEqual(before.get('users'));
    expect(after.get('tracked_tenants')).toHaveLength(1);
  });

  it('can be restored twice, as two incarnations', async () => {
    await place.backUp(plane.database);
    const first = await place.restore('new', target());
    const another = await createTestDatabase(driver);
    const second = await place.restore('other', driver === 'postgres' ? another : undefined);
    expect(first.incarnation).not.toBe(second.incarnation);
    await another.drop();
  });
});
