import { randomUUID } from 'node:crypto';
import { CommitOutcomeUnknown, databaseFailure } from '@atlas/platform';
import {
  type CommitCutter,
  EVERY_DATABASE,
  type TestDatabase,
  createTestDatabase,
  startCommitCutter,
  testServerUrl,
} from '@atlas/testing';
import { Database as Connection } from 'sqlite3';
import { type EntityManager } from 'typeorm';
import { type Database } from '../src/database/database';
import { databaseTarget } from '../src/connection/database-target';
import { migrateFirst, openDatabase } from '../src/opening/open-database';
import { TenantDatabase } from '../src/tenants/tenant-scope';
import { NOTES_SCHEMA, Note } from './notes.fixture';

const tenant = randomUUID();
const notes = (text: string) => ({ id: randomUUID(), text, tags: null, writtenAt: new Date(0) });

/** Migrates and opens the test's database. `url` may name another role or lead through a proxy. */
async function open(test: TestDatabase, url = test.url): Promise<Database> {
  const migrationTarget = test.ownerUrl === undefined ? undefined : databaseTarget(test.ownerUrl);
  const options = { target: databaseTarget(url), migrationTarget, schema: NOTES_SCHEMA, poolSize: 2 };
  await migrateFirst(options);
  return openDatabase(options);
}

async function textsIn(test: TestDatabase): Promise<string[]> {
  const database = await open(test);
  const rows = await new TenantDatabase(database).read(tenant, (scope) => scope.find(Note));
  await database.close();
  return rows.map(({ text }) => text).sort();
}

describe.each(EVERY_DATABASE)('a COMMIT that fails on %s', (driver) => {
  let test: TestDatabase;
  let database: Database;
  const write = (text: string): Promise<void> =>
    new TenantDatabase(database).write(tenant, (scope) => scope.insert(Note, notes(text)));

  beforeAll(async () => {
    test = await createTestDatabase(driver);
    const owner = await open(test, test.ownerUrl ?? test.url);
    await owner.write(async (manager) => {
      await manager.query('create table parents (id int primary key)');
      await manager.query(
        'create table children (id int references parents (id) deferrable initially deferred)',
      );
      if (driver === 'postgres') await manager.query('grant all on parents, children to public');
    });
    await owner.close();
    database = await open(test);
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  it('stores nothing, throws an error, and does not affect the next unit of work', async () => {
    const orphan = (manager: EntityManager): Promise<unknown> =>
      manager.query('insert into children (id) values (1)');
    const failing = new TenantDatabase(database).write(tenant, async (scope) => {
      await scope.insert(Note, notes('lost'));
      await orphan(scope.manager);
    });
    await expect(failing).rejects.toThrow(/foreign key constraint/i);
    await write('kept');
    expect(await textsIn(test)).toEqual(['kept']);
  });
});

describe('a statement on SQLite', () => {
  let test: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase('sqlite');
    database = await open(test);
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  it('makes its whole unit of work fail on a full disk, even if the error is swallowed', async () => {
    const tenants = new TenantDatabase(database);
    const failing = tenants.write(tenant, async (scope) => {
      const [{ page_count: pages }] =
        await scope.manager.query<[{ page_count: number }]>('pragma page_count');
      await scope.manager.query(`pragma max_page_count = ${pages}`);
      await Promise.allSettled([
        scope.insert(Note, notes('x'.repeat(100_000))),
        scope.insert(Note, notes('started together with it')),
      ]);
      await scope.insert(Note, notes('behind it')).catch(() => undefined);
    });
    const error: unknown = await failing.catch((reason: unknown) => reason);
    expect(databaseFailure(error)).toMatchObject({ code: 'storage_full', kind: 'storage_full' });
    expect(await textsIn(test)).toEqual([]);
    // The next unit of work has a new connection, without that limit.
    await tenants.write(tenant, (scope) => scope.insert(Note, notes('y'.repeat(100_000))));
    expect(await textsIn(test)).toHaveLength(1);
  });

  it('is refused once its unit of work has ended', async () => {
    const tenants = new TenantDatabase(database);
    let late: EntityManager | undefined;
    await tenants.write(tenant, async (scope) => void (late = scope.manager));
    await tenants.write(tenant, async () => {
      await expect(late?.query('delete from notes')).rejects.toThrow('This unit of work is over');
    });
  });
});

type Callback = (error: Error | null) => void;
const all = Connection.prototype.all as (...call: unknown[]) => void;

/**
 * Makes COMMITs fail as they would on a failing disk, where SQLite rolls back on its own. `qa:disk-full` uses
 * a real disk.
 */
function failCommits(count: number, code: string): void {
  let left = count;
  const failing = function (this: Connection, ...call: unknown[]): void {
    if (call[0] !== 'commit' || left-- <= 0) return all.apply(this, call);
    const callback = call.at(-1) as Callback;
    all.call(this, 'rollback', [], () => callback(Object.assign(new Error(`${code}: it fails`), { code })));
  };
  jest.spyOn(Connection.prototype, 'all').mockImplementation(failing as typeof Connection.prototype.all);
}

describe.each([
  ['SQLITE_FULL', 'storage_full'],
  ['SQLITE_IOERR', 'commit_outcome_unknown'],
])('a COMMIT that fails with %s on SQLite', (code, told) => {
  let test: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase('sqlite');
    database = await open(test);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await database.close();
    await test.drop();
  });

  it('loses no acknowledged write, and makes the ping fail until a write is stored', async () => {
    const tenants = new TenantDatabase(database);
    const write = (text: string): Promise<void> =>
      tenants.write(tenant, (scope) => scope.insert(Note, notes(text)));
    await write('before');
    failCommits(2, code);
    const error: unknown = await write('refused').catch((reason: unknown) => reason);
    expect(databaseFailure(error)?.code).toBe(told);
    await expect(database.ping()).rejects.toThrow(code);
    await Promise.all([1, 2, 3].map((i) => write(`meanwhile ${i}`)));
    await database.ping();
    await write('after');
    expect(await textsIn(test)).toEqual(['after', 'before', 'meanwhile 1', 'meanwhile 2', 'meanwhile 3']);
  });
});

describe('a connection to Postgres that is lost during COMMIT', () => {
  let test: TestDatabase;
  let cutter: CommitCutter;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase('postgres');
    await (await open(test)).close();
    cutter = await startCommitCutter(testServerUrl());
    database = await open(test, cutter.through(test.url));
  });
  afterAll(async () => {
    await database.close();
    await cutter.close();
    await test.drop();
  });

  it.each(['before', 'after'] as const)(
    'leaves the outcome unknown if it is lost %s the server commits',
    async (cut) => {
      cutter.arm(cut);
      const tenants = new TenantDatabase(database);
      const failing = tenants.write(tenant, (scope) => scope.insert(Note, notes(cut)));
      const error: unknown = await failing.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CommitOutcomeUnknown);
      expect(databaseFailure(error)).toMatchObject({ code: 'commit_outcome_unknown', kind: 'unavailable' });
      await tenants.write(tenant, (scope) => scope.insert(Note, notes(`next to ${cut}`)));
      expect(await textsIn(test)).toContain(`next to ${cut}`);
      expect((await textsIn(test)).includes(cut)).toBe(cut === 'after');
    },
  );
});
