import fs, {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseEnvironment } from '@atlas/platform';
import { Database } from '@atlas/persistence';
import {
  EVERY_DATABASE,
  FullDisk,
  type TestDatabase,
  asAdmin,
  createTestDatabase,
  testServerUrl,
} from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { backUp } from '../../src/plane-backups/back-up';
import { keyOf } from '../../src/plane-backups/backup-arguments';
import { restorePostgres } from '../../src/plane-backups/postgres-restore';
import { restoreBackup } from '../../src/plane-backups/restore-backup';
import { verifyBackup } from '../../src/plane-backups/verify-backup';
import { TestTenantPlane, environmentFor } from '../tenant-plane.fixture';
import { BackupPlace, allRows } from './backup.fixture';

describe.each(EVERY_DATABASE)('a backup on %s', (driver) => {
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
    jest.restoreAllMocks();
    place.remove();
    await restored.drop();
  });
  const target = (): TestDatabase | undefined => (driver === 'postgres' ? restored : undefined);
  const left = (): string[] => readdirSync(place.folder).sort();
  /** Neither the folder nor the database looks restored. */
  const requireNothing = async (): Promise<void> => {
    expect(left()).not.toContain('new');
    expect(left().filter((name) => name.includes('restoring'))).toEqual([]);
    if (driver === 'postgres') expect([...(await allRows(restored)).keys()]).toEqual([]);
  };

  it('is encrypted: it contains neither a row nor a secret that can be read', async () => {
    await place.backUp(plane.database);
    const text = readFileSync(place.archive, 'latin1');
    expect(text).toMatch(/^age-encryption\.org\/v1\n/);
    for (const word of ['acme', 'TENANT_BASE_DOMAIN', 'manifest']) expect(text).not.toContain(word);
  });

  it('needs the passphrase that it was made with', async () => {
    const env = environmentFor(plane.database);
    const key = { passphrase: 'twelve words or so', workFactor: 8 };
    const folder = { envFile: place.envFile, include: [] };
    await backUp(parseEnvironment(TenantPlaneConfig, env), env, { file: place.archive, key, folder });
    await verifyBackup(place.archive, key);
    const wrong = verifyBackup(place.archive, { passphrase: 'thirteen words or so' });
    await expect(wrong).rejects.toThrow('The passphrase does not decrypt this backup.');
    await expect(verifyBackup(place.archive, place.opener)).rejects.toThrow('The identity does not decrypt');
  });

  /** To see it fail, let `withUnnamedDatabase` remove the folder only at the end. */
  it('is verified without a decrypted row in a file that has a name', async () => {
    await place.backUp(plane.database);
    const folder = mkdtempSync(join(place.folder, 'tmp-'));
    jest.spyOn(os, 'tmpdir').mockReturnValue(folder);
    let [isOver, largest] = [false, 0];
    const watch = async (): Promise<void> => {
      for (; !isOver; await setImmediate()) largest = Math.max(largest, bytesBelow(folder));
    };
    const watching = watch();
    await verifyBackup(place.archive, place.opener).finally(() => (isOver = true));
    await watching;
    expect([largest, readdirSync(folder)]).toEqual([0, []]);
  });

  it('is whole on a disk that has no hard links, and still replaces no file', async () => {
    let beforeLink = (): void => undefined;
    const { linkSync } = fs;
    jest.spyOn(fs, 'linkSync').mockImplementation((from, to) => {
      // The lock of a SQLite database is on another disk.
      if (!String(to).endsWith('.age')) return linkSync(from, to);
      beforeLink();
      throw Object.assign(new Error('no links'), { code: 'EPERM' });
    });
    await place.backUp(plane.database);
    await verifyBackup(place.archive, place.opener);
    const late = join(place.folder, 'late.age');
    jest.spyOn(fs, 'renameSync').mockImplementationOnce(() => {
      throw new Error('the disk is gone');
    });
    await expect(place.backUp(plane.database, late)).rejects.toThrow('the disk is gone');
    beforeLink = () => writeFileSync(late, 'of another backup');
    await expect(place.backUp(plane.database, late)).rejects.toThrow('already exists');
    expect(readFileSync(late, 'utf8')).toBe('of another backup');
    expect(left()).toEqual(['atlas-tp.env', 'late.age', 'plane.age']);
  });

  it('never replaces a file', async () => {
    writeFileSync(place.archive, 'kept');
    await expect(place.backUp(plane.database)).rejects.toThrow('already exists. Choose another name.');
    expect(readFileSync(place.archive, 'utf8')).toBe('kept');
    expect(left()).toEqual(['atlas-tp.env', 'plane.age']);
  });

  it('leaves no file if it fails', async () => {
    const failing = place.backUp(plane.database, place.archive, [join(place.folder, 'missing')]);
    await expect(failing).rejects.toThrow('missing does not exist, so it cannot be backed up.');
    expect(left()).toEqual(['atlas-tp.env']);
    if (driver === 'sqlite') expect(existsSync(`${plane.database.url}.backup`)).toBe(false);
  });

  it('may run twice at once, and each file is whole', async () => {
    const names = ['one.age', 'two.age'].map((name) => join(place.folder, name));
    const outcomes = await Promise.allSettled(names.map((name) => place.backUp(plane.database, name)));
    const made = names.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect([made.length, refused.length]).toEqual(driver === 'postgres' ? [2, 0] : [1, 1]);
    if (refused[0]?.status === 'rejected') expect(refused[0].reason.message).toContain('Another backup');
    for (const name of made) await verifyBackup(name, place.opener);
    expect(left()).toEqual(
      ['atlas-tp.env', ...made.map((name) => name.slice(place.folder.length + 1))].sort(),
    );
  });

  it('of a database without a plane is refused', async () => {
    if (driver === 'sqlite')
      await expect(place.backUp(restored)).rejects.toThrow('there is nothing to back up');
    else await expect(place.backUp(restored)).rejects.toThrow();
    expect(left()).toEqual(['atlas-tp.env']);
  });

  describe('that is not as it was', () => {
    beforeEach(() => place.backUp(plane.database));
    const size = (): number => statSync(place.archive).size;

    it.each([
      ['is cut in half', () => truncateSync(place.archive, Math.floor(size() / 2))],
      ['lacks its last byte', () => truncateSync(place.archive, size() - 1)],
      ['has only whole parts left', () => truncateSync(place.archive, 200)],
      ['is empty', () => truncateSync(place.archive, 0)],
      ['has one other byte', () => flip(place.archive, size() - 100)],
      ['has another header', () => flip(place.archive, 60)],
      ['has more at its end', () => writeFileSync(place.archive, 'more', { flag: 'a' })],
    ])('is refused before anything is changed if it %s', async (_how, damage) => {
      damage();
      await expect(verifyBackup(place.archive, place.opener)).rejects.toThrow(
        /damaged|not a backup|identity/,
      );
      await expect(place.restore('new', target())).rejects.toThrow(/damaged|not a backup|identity/);
      await requireNothing();
    });
  });

  it.each([
    ['no backup', 'not a backup at all', 'This is not a backup'],
    ['missing', undefined, 'The backup cannot be read: ENOENT'],
  ])('that is %s is refused', async (_what, content, message) => {
    if (content !== undefined) writeFileSync(place.archive, content);
    await expect(place.restore('new', target())).rejects.toThrow(message);
    await requireNothing();
  });

  /** To see it fail, leave out `explainingNoSpace`, and the draft of `restored`. */
  it('is not restored if the disk of the new folder becomes full, and can be once it has space', async () => {
    await place.backUp(plane.database);
    const before = await allRows(plane.database);
    const full = fullFile(join(place.folder, 'new.restoring'));
    await expect(place.restore('new', target())).rejects.toThrow(/disk is full .*Nothing was restored/);
    full();
    await requireNothing();
    expect(await allRows(plane.database)).toEqual(before);
    await place.restore('new', target());
  });

  it('is not restored if the disk of the database becomes full, and can be once it has space', async () => {
    await place.backUp(plane.database);
    const before = await allRows(plane.database);
    const full = driver === 'sqlite' ? await FullDisk.fill(restored) : await fullOfIndexes(restored);
    await expect(place.restore('new', target())).rejects.toThrow(/disk is full .*Nothing was restored/);
    await full.free();
    await requireNothing();
    expect(await allRows(plane.database)).toEqual(before);
    await place.restore('new', target());
  });

  it('leaves nothing if the disk becomes full', async () => {
    const full = fullFile(join(place.folder, '.plane.age'));
    await expect(place.backUp(plane.database)).rejects.toThrow(/disk is full .*There is no backup/);
    full();
    expect(left()).toEqual(['atlas-tp.env']);
    await place.backUp(plane.database);
  });

  it('is not restored into a folder that has files', async () => {
    await place.backUp(plane.database);
    mkdirSync(join(place.folder, 'new'));
    writeFileSync(join(place.folder, 'new/kept'), 'kept');
    await expect(place.restore('new', target())).rejects.toThrow('is not empty. Restore into a new folder.');
    expect(readdirSync(join(place.folder, 'new'))).toEqual(['kept']);
    if (driver === 'postgres') expect((await allRows(restored)).size).toBe(0);
  });

  it('is not restored by a version that does not know its schema', async () => {
    const run = (sql: string) => plane.app.get(Database).write((manager) => manager.query(sql));
    await run(`insert into migrations (timestamp, name) values (1800000000000, 'Future')`);
    await place.backUp(plane.database);
    await run(`delete from migrations where name = 'Future'`);
    await expect(place.restore('new', target())).rejects.toThrow('newer than this one');
    await requireNothing();
  });
});

describe('a backup on postgres, of which a restore', () => {
  let plane: TestTenantPlane;
  let place: BackupPlace;
  let restored: TestDatabase;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot('postgres');
    await plane.tenantWithAdmin('acme');
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    place = await BackupPlace.create();
    restored = await createTestDatabase('postgres');
  });
  afterEach(async () => {
    place.remove();
    await restored.drop();
  });

  it('dies in the middle leaves the database empty', async () => {
    const manifest = await place.backUp(plane.database);
    const dying = restorePostgres(restored.ownerUrl ?? '', manifest, () =>
      Promise.reject(new Error('killed')),
    );
    await expect(dying).rejects.toThrow('killed');
    expect((await allRows(restored)).size).toBe(0);
    await place.restore('new', restored);
  });

  it('dies after the commit is completed by the next one, as the same incarnation', async () => {
    await place.backUp(plane.database);
    const { incarnation } = await place.restore('lost', restored);
    const again = await place.restore('new', restored);
    expect([typeof incarnation, again.incarnation]).toEqual(['string', null]);
    expect(readFileSync(join(place.folder, 'new/atlas-tp.env'), 'utf8')).toContain(restored.url);
  });

  /** To see it fail, leave out the line that forgets `restoredFrom` in `PlaneIdentities.onModuleInit`. */
  it('is made again into a database that has been in use is refused', async () => {
    await place.backUp(plane.database);
    await place.restore('lost', restored);
    await (await TestTenantPlane.open(restored)).app.close();
    await expect(place.restore('new', restored)).rejects.toThrow('The database is not empty.');
  });

  it('meets another database than an empty one is refused', async () => {
    await place.backUp(plane.database);
    await expect(place.restore('new', plane.database)).rejects.toThrow('The database is not empty.');
    expect(existsSync(join(place.folder, 'new'))).toBe(false);
  });

  it('names a SQLite file is refused', async () => {
    await place.backUp(plane.database);
    const { archive: file, opener } = place;
    const folder = join(place.folder, 'new');
    const order = { file, opener, folder, connection: { url: 'data/tenant-plane.db' } };
    await expect(restoreBackup(order)).rejects.toThrow('needs a postgres:// URL');
    expect(existsSync(folder)).toBe(false);
  });
});

describe(keyOf.name, () => {
  it('refuses a passphrase that is short or missing, and takes recipients instead', () => {
    expect(() => keyOf([], {})).toThrow('There is no passphrase.');
    expect(() => keyOf([], { ATLAS_BACKUP_PASSPHRASE: 'short' })).toThrow('fewer than 12 characters');
    expect(keyOf(['age1x'], {})).toEqual({ recipients: ['age1x'] });
  });
});

/** Files whose path begins so cannot be written. Returns what ends that. */
function fullFile(beginning: string): () => void {
  const { createWriteStream } = fs;
  const spy = jest.spyOn(fs, 'createWriteStream').mockImplementation((path, options) => {
    const stream = createWriteStream(path, options);
    if (!String(path).startsWith(beginning)) return stream;
    const noSpace = Object.assign(new Error('ENOSPC: no space left on device'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    stream._write = (_chunk, _encoding, done) => done(noSpace);
    stream._writev = (_chunks, done) => done(noSpace);
    return stream;
  });
  return () => spy.mockRestore();
}

/** Postgres creates tables, but no index. */
async function fullOfIndexes({ url }: TestDatabase): Promise<{ free(): Promise<unknown> }> {
  const own = new URL(new URL(url).pathname, testServerUrl()).toString();
  const run = (sql: string) => asAdmin(own, (client) => client.query(sql));
  await run(`
    create function disk_is_full() returns event_trigger language plpgsql as $$ begin
      raise exception 'no space left on device' using errcode = '53100';
    end $$;
    create event trigger disk_is_full on ddl_command_end when tag in ('CREATE INDEX')
      execute function disk_is_full();`);
  return { free: () => run('drop function disk_is_full cascade') };
}

function bytesBelow(folder: string): number {
  const sizes = namesBelow(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false }));
  return sizes.reduce((sum, found) => sum + (found?.isFile() ? found.size : 0), 0);
}

/** Files and folders may be removed meanwhile. */
function namesBelow(folder: string): string[] {
  for (;;)
    try {
      return readdirSync(folder, { recursive: true, encoding: 'utf8' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(folder)) throw error;
    }
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.from([(bytes[at] ?? 0) ^ 1]), 0, 1, at);
  closeSync(opened);
}
