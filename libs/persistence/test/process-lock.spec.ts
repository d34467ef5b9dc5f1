import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { EnvironmentError } from '@atlas/platform';
import { createTestDatabase, type TestDatabase } from '@atlas/testing';
import { ProcessLock, lockHolder } from '../src/sqlite/process-lock';

describe(ProcessLock.name, () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase('sqlite');
  });
  afterEach(() => database.drop());

  it('refuses a second holder and says what to do', async () => {
    const lock = await ProcessLock.take(database.url);
    const second = ProcessLock.take(database.url, 50);
    await expect(second).rejects.toThrow(EnvironmentError);
    await expect(second).rejects.toThrow(
      `in use by another process (process ${process.pid}), and only one process can use a SQLite ` +
        'file. If that process is this plane, the plane is already running',
    );
    await lock.release();
  });

  it('names neither a former holder nor a process that reuses its pid', async () => {
    const lock = await ProcessLock.take(database.url);
    expect(lockHolder(database.url)).toBe(process.pid);
    const note = `${database.url}.lock.pid`;
    const holder = JSON.parse(readFileSync(note, 'utf8')) as object;
    for (const earlier of [{ ...holder, startedAt: 'long ago' }, { ...holder, pid: 2 ** 22 - 1 }, 'broken']) {
      writeFileSync(note, typeof earlier === 'string' ? earlier : JSON.stringify(earlier));
      expect(lockHolder(database.url)).toBeUndefined();
      await expect(ProcessLock.take(database.url, 0)).rejects.toThrow(/by another process, and only one/);
    }
    await lock.release();
    expect(existsSync(note)).toBe(false);
    expect(lockHolder(database.url)).toBeUndefined();
  });

  it('passes to a process that is already waiting', async () => {
    const lock = await ProcessLock.take(database.url);
    const next = ProcessLock.take(database.url);
    await lock.release();
    await (await next).release();
  });
});
