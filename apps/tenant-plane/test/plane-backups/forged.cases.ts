import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EVERY_DATABASE, type TestDatabase, createTestDatabase } from '@atlas/testing';
import { type AddedFile, readBackup, writeBackup } from '../../src/plane-backups/backup-archive';
import { type BackupManifest } from '../../src/plane-backups/backup-manifest';
import { verifyBackup } from '../../src/plane-backups/verify-backup';
import { TestTenantPlane } from '../tenant-plane.fixture';
import { BackupPlace } from './backup.fixture';

type Change = (manifest: BackupManifest, files: AddedFile[]) => BackupManifest;

/** Archives that are encrypted correctly, as whoever knows the recipient can make them. */
describe.each(EVERY_DATABASE)('an archive on %s whose manifest lies', (driver) => {
  let plane: TestTenantPlane;
  let place: BackupPlace;
  let restored: TestDatabase;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    await plane.tenantWithAdmin('acme');
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    place = await BackupPlace.create();
    restored = await createTestDatabase(driver);
  });
  afterEach(async () => {
    place.remove();
    await restored.drop();
  });

  /** Reads a genuine backup and writes it again, changed. */
  const forge = async (change: Change): Promise<string> => {
    await place.backUp(plane.database);
    const files: AddedFile[] = [];
    const genuine = await readBackup(place.archive, place.opener, async ({ name, content }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      files.push({ name, size: Buffer.concat(chunks).length, content: [Buffer.concat(chunks)] });
    });
    const manifest = change(genuine, files);
    const forged = `${place.archive}.forged`;
    async function* all(): AsyncGenerator<AddedFile> {
      yield* files;
    }
    await writeBackup(forged, place.key, all(), () => manifest);
    return forged;
  };
  const added = (name: string, text: string): AddedFile => {
    return { name, size: text.length, content: [Buffer.from(text)] };
  };

  it.each<[string, Change]>([
    ['misses a file', (manifest, files) => (files.shift(), manifest)],
    ['has one more file', (manifest, files) => (files.push(added('files/99', 'more')), manifest)],
    ['has another content', (manifest, files) => ((files[0] = added('files/1', 'PORT=1\n')), manifest)],
    [
      'names fewer rows than it has',
      ({ database, ...manifest }) => {
        const tenants = { rows: 7, columns: database.tables['tenants']?.columns ?? [] };
        return { ...manifest, database: { ...database, tables: { ...database.tables, tenants } } };
      },
    ],
  ])('because it %s is refused', async (_how, change) => {
    const forged = await forge(change);
    await expect(verifyBackup(forged, place.opener)).rejects.toThrow(/damaged|its manifest names/);
    const target = driver === 'postgres' ? restored : undefined;
    await expect(place.restore('new', target, forged)).rejects.toThrow(/damaged|its manifest names/);
    expect(existsSync(join(place.folder, 'new'))).toBe(false);
  });

  it('because a file is outside the folder is refused, and writes nothing there', async () => {
    const forged = await forge((manifest) => ({
      ...manifest,
      folder: [{ name: 'files/1', path: '../outside', mode: 0o600 }],
    }));
    const target = driver === 'postgres' ? restored : undefined;
    await expect(place.restore('new', target, forged)).rejects.toThrow('names a file outside its folder');
    expect(readdirSync(place.folder).sort()).toEqual(['atlas-tp.env', 'plane.age', 'plane.age.forged']);
  });

  it('because it has another format is refused, with what to do', async () => {
    const forged = await forge((manifest) => ({ ...manifest, format: 'atlas-plane-backup/2' }));
    await expect(verifyBackup(forged, place.opener)).rejects.toThrow('Use the version of atlas-tp');
  });
});
