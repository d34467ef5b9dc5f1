import { EnvironmentError } from '@atlas/platform';
import { createTestDatabase, type TestDatabase } from '@atlas/testing';
import { ProcessLock } from '../src/process-lock';

describe(ProcessLock.name, () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase('sqlite');
  });
  afterEach(() => database.drop());

  it('refuses a second holder, and says what to do', async () => {
    const lock = await ProcessLock.take(database.url);
    const second = ProcessLock.take(database.url, 50);
    await expect(second).rejects.toThrow(EnvironmentError);
    await expect(second).rejects.toThrow(/in use by another process.*end the other one, or use Postgres/s);
    await lock.release();
  });

  it('is handed on, also to one that was waiting', async () => {
    const lock = await ProcessLock.take(database.url);
    const next = ProcessLock.take(database.url);
    await lock.release();
    await (await next).release();
  });
});
