import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '@atlas/platform';
import { type Schema } from '../src/connection/data-source';
import { databaseTarget } from '../src/connection/database-target';
import { examineDatabase } from '../src/opening/examine-database';
import { PortableMigration } from '../src/schema/migration';
import { lookInto, migrateFirst } from '../src/opening/open-database';
import { ProcessLock } from '../src/sqlite/process-lock';
import { NOTES_SCHEMA } from './notes.fixture';

class KeepBooks1700000000001 extends PortableMigration {
  protected apply = ({ sql }: { sql: (text: string) => Promise<void> }) =>
    sql('create table books (id text)');
  protected revert = ({ sql }: { sql: (text: string) => Promise<void> }) => sql('drop table books');
}
class FailHere1700000000002 extends PortableMigration {
  protected apply = () => Promise.reject(new Error('the process ends here'));
  protected revert = () => Promise.resolve();
}
const OTHER_SCHEMA: Schema = { entities: [], migrations: [KeepBooks1700000000001] };

const CAN_MOUNT = canMount();

/** Whether this process may mount a small disk. In a container, even root may not. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the SQLite file of a plane', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-file-'));
    file = join(folder, 'plane.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = (schema: Schema = NOTES_SCHEMA) =>
    migrateFirst({ target: { driver: 'sqlite', file }, schema });
  const examine = () => examineDatabase({ driver: 'sqlite', file }, [], NOTES_SCHEMA);
  const migrations = (schema: Schema = NOTES_SCHEMA) =>
    lookInto({ target: { driver: 'sqlite', file }, schema }, (reader) =>
      reader.query<unknown[]>('select name from migrations'),
    );

  const overwrite = (at: number, bytes: number): void => {
    const opened = openSync(file, 'r+');
    writeSync(opened, Buffer.alloc(bytes, 0xa5), 0, bytes, at);
    closeSync(opened);
  };

  it('is created if it is missing, and kept afterwards', async () => {
    await start();
    expect(readdirSync(folder)).toEqual(['plane.db']);
    await start();
    await expect(migrations()).resolves.not.toEqual([]);
  });

  it("is readable only by its owner, regardless of the folder's permissions", async () => {
    await start();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['is empty', () => writeFileSync(file, ''), /plane\.db is empty \(0 bytes\)/],
    [
      'is another kind of file',
      () => writeFileSync(file, 'a letter '.repeat(900)),
      /is not a SQLite database/,
    ],
    [
      'has been overwritten at the beginning',
      () => overwrite(0, 100),
      /is not a SQLite database, or its beginning has been overwritten/,
    ],
    ['was truncated', () => truncateSync(file, statSync(file).size - 4096), /is damaged or truncated/],
    ['is damaged inside', () => overwrite(4096, 3 * 4096), /is damaged/],
    ['is an empty database', () => copyFileSync(blank(), file), /contains none of this plane's tables/],
    [
      'is missing while its log still exists',
      () => (rmSync(file), writeFileSync(`${file}-wal`, 'x')),
      /is missing, but .*-wal/,
    ],
  ])('makes the start fail with instructions and without changes if it %s', async (_, harm, problem) => {
    await start();
    await harm();
    const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]);
    const refused = start();
    await expect(refused).rejects.toThrow(EnvironmentError);
    await expect(refused).rejects.toThrow(problem);
    await expect(refused).rejects.toThrow(
      /ove (it|these) away.*, then restore it from a backup or start over/,
    );
    await expect(examine()).resolves.toEqual({ fault: 'damaged', detail: expect.stringMatching(problem) });
    expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')])).toEqual(
      before,
    );
  });

  it('is refused if a folder is in its place', async () => {
    mkdirSync(file);
    await expect(start()).rejects.toThrow(/plane\.db is a folder, not a database\. Move it away/);
    expect(readdirSync(folder)).toEqual(['plane.db']);
  });

  it('is refused if it belongs to another plane', async () => {
    await start(OTHER_SCHEMA);
    await expect(start()).rejects.toThrow(/belongs to another plane or program.*KeepBooks1700000000001/);
    await expect(examine()).resolves.toMatchObject({ fault: 'damaged' });
    await expect(start(OTHER_SCHEMA)).resolves.toBeUndefined();
  });

  it('is created by the next start if the first start failed halfway', async () => {
    const broken = { entities: [], migrations: [KeepBooks1700000000001, FailHere1700000000002] };
    await expect(start(broken)).rejects.toThrow('the process ends here');
    expect(existsSync(file)).toBe(false);
    // The files that a killed process leaves behind.
    for (const left of ['.new', '.new-wal', '.new-shm']) writeFileSync(`${file}${left}`, left);
    await start();
    expect(readdirSync(folder)).toEqual(['plane.db']);
  });

  it('is the same file through every link, and is not recreated if only a link is left', async () => {
    await start();
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    const link = join(elsewhere, 'link.db');
    symlinkSync(file, link);
    expect(databaseTarget(link)).toEqual(databaseTarget(file));
    rmSync(file);
    const target = databaseTarget(link);
    await expect(migrateFirst({ target, schema: NOTES_SCHEMA })).rejects.toThrow(
      /link\.db is a link to .*plane\.db, which is missing/,
    );
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  it('does not overwrite a file that appears in its place while it is being created', async () => {
    class PutThere1700000000001 extends PortableMigration {
      protected apply = async (): Promise<void> => writeFileSync(file, 'a backup');
      protected revert = () => Promise.resolve();
    }
    const schema = { entities: [], migrations: [PutThere1700000000001] };
    await expect(start(schema)).rejects.toThrow('Another process has just created');
    expect(readFileSync(file, 'utf8')).toBe('a backup');
  });

  it('is created only once if several processes start together', async () => {
    await Promise.all([start(), start(), start()]);
    // If connections close at the same time, each may find another still open, so SQLite leaves its log
    // behind. A connection that closes alone writes it back.
    await start();
    expect(readdirSync(folder)).toEqual(['plane.db']);
  });

  it('has no lock file beside it, even if a process takes the lock after the file is created', async () => {
    const take = ProcessLock.take.bind(ProcessLock);
    jest.spyOn(ProcessLock, 'take').mockImplementationOnce(async (draft) => {
      await start();
      return take(draft);
    });
    await start();
    expect(readdirSync(folder)).toEqual(['plane.db']);
  });

  it('cannot be created in a folder that is not writable, and the error names the folder', async () => {
    writeFileSync(join(folder, 'in-the-way'), '');
    file = join(folder, 'in-the-way/data/plane.db');
    await expect(start()).rejects.toThrow(EnvironmentError);
    await expect(start()).rejects.toThrow(/in-the-way\/data cannot be written: a file is in the way/);
  });

  (CAN_MOUNT ? it : it.skip)(
    'is never created in part on a full disk, and the error names that disk',
    async () => {
      const small = join(folder, 'small');
      mkdirSync(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
      try {
        file = join(small, 'plane.db');
        const outcomes = new Set<string>();
        for (let freeKb = 24; freeKb <= 384; freeKb += 24) {
          writeFileSync(join(small, 'others'), Buffer.alloc((1024 - freeKb) * 1024));
          const refusal = await start().catch((error: Error) => error);
          rmSync(join(small, 'others'));
          if (refusal) {
            expect(refusal).toBeInstanceOf(EnvironmentError);
            expect(refusal.message).toContain(`${small} cannot be written: no space is left`);
            expect(readdirSync(small).filter((name) => !name.includes('.lock'))).toEqual([]);
          }
          await expect(start()).resolves.toBeUndefined();
          outcomes.add(refusal ? 'refused' : 'made');
          for (const name of readdirSync(small)) rmSync(join(small, name));
        }
        expect([...outcomes].sort()).toEqual(['made', 'refused']);
      } finally {
        // A failed connection may still have its file open.
        execFileSync('umount', ['-l', small]);
      }
    },
  );

  function blank(): string {
    const path = join(folder, 'blank');
    // A database of one page, without any tables.
    const page = Buffer.alloc(4096);
    page.write('SQLite format 3\0', 'latin1');
    Buffer.from('10000101004020200000000100000001', 'hex').copy(page, 16);
    page.writeUInt32BE(4, 44);
    page.writeUInt32BE(1, 56);
    page.writeUInt32BE(1, 92);
    Buffer.from('0d0000000010000000', 'hex').copy(page, 100);
    writeFileSync(path, page);
    return path;
  }
});
