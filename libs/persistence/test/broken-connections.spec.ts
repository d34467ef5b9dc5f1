import { randomUUID } from 'node:crypto';
import { type Socket } from 'node:net';
import { databaseFailure } from '@atlas/platform';
import { type TestDatabase, createTestDatabase, endSession } from '@atlas/testing';
import { type EntityManager, QueryFailedError } from 'typeorm';
import { type Database } from '../src/database/database';
import { databaseTarget } from '../src/connection/database-target';
import { migrateFirst, openDatabase } from '../src/opening/open-database';
import { TenantDatabase, type TenantScope } from '../src/tenants/tenant-scope';
import { startEndingProxy } from './ending-proxy.fixture';
import { NOTES_SCHEMA, Note, targetsOf } from './notes.fixture';

// SQLite has no connection that can break.
describe('a connection to Postgres that breaks while no statement is running', () => {
  const tenant = randomUUID();
  let test: TestDatabase;
  let database: Database;
  let tenants: TenantDatabase;

  beforeAll(async () => {
    test = await createTestDatabase('postgres');
    const options = { ...targetsOf(test), schema: NOTES_SCHEMA, poolSize: 1 };
    await migrateFirst(options);
    database = await openDatabase(options);
    tenants = new TenantDatabase(database);
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  const writeNote = (scope: TenantScope, text: string): Promise<void> =>
    scope.insert(Note, { id: randomUUID(), text, tags: null, writtenAt: new Date(0) });
  const texts = async (): Promise<string[]> =>
    (await tenants.read(tenant, (scope) => scope.find(Note))).map(({ text }) => text);

  /**
   * Expects the same outage as if the connection had broken during a statement. The pool has only one
   * connection, so the read afterwards gets a new connection.
   */
  async function expectOutage(failing: Promise<unknown>, reason: object = { code: '57P01' }): Promise<void> {
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueryFailedError);
    expect(error).toMatchObject({ driverError: reason });
    expect(databaseFailure(error)).toMatchObject({ code: 'database_unavailable', kind: 'unavailable' });
    expect(await texts()).toEqual([]);
  }

  const statements: readonly (readonly [string, (scope: TenantScope) => Promise<unknown>])[] = [
    ['plain SQL', ({ manager }) => manager.query('select 1')],
    ['an insert', (scope) => writeNote(scope, 'behind')],
    ['an update', (scope) => scope.update(Note, {}, { text: 'changed' })],
    ['a search', (scope) => scope.find(Note)],
    ['a query', (scope) => scope.query(Note, 'note').getManyAndCount()],
  ];

  it.each(statements)('counts as an outage for a write whose next statement is %s', async (_, goOn) => {
    const failing = tenants.write(tenant, async (scope) => {
      await writeNote(scope, 'before');
      await endSession(scope.manager);
      await goOn(scope);
    });
    await expectOutage(failing);
  });

  it.each(statements)(
    'is reported as an outage to a transaction that catches the error of %s',
    async (_, goOn) => {
      const seen = tenants.write(tenant, async (scope) => {
        await endSession(scope.manager);
        throw await goOn(scope).catch((error: unknown) => error);
      });
      await expectOutage(seen);
    },
  );

  it('counts as an outage for a write that is about to commit, because no COMMIT has been sent', async () => {
    const told: string[] = [];
    const failing = tenants.write(tenant, async (scope) => {
      database.afterCommit(() => told.push('stored'));
      await writeNote(scope, 'before');
      await endSession(scope.manager);
    });
    await expectOutage(failing);
    expect(told).toEqual([]);
  });

  it('counts as an outage for a write that has not sent a statement yet', async () => {
    const reason = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
    const failing = database.write(async ({ queryRunner }) => {
      // @types/pg omits this property.
      const client = (await queryRunner?.connect()) as { connection: { stream: Socket } };
      client.connection.stream.destroy(reason);
    });
    await expectOutage(failing, reason);
  });

  it('counts as an outage even if it has only just opened, and does not crash the process', async () => {
    const proxy = await startEndingProxy(test.url);
    const behind = await openDatabase({
      target: databaseTarget(proxy.url),
      schema: NOTES_SCHEMA,
      poolSize: 1,
    });
    const note = () => behind.write((manager) => manager.find(Note));
    const ended = proxy.arm();
    await expectOutage(behind.write((manager) => endSession(manager)));
    await expectOutage(note(), { message: 'Connection terminated unexpectedly' });
    expect(ended()).toBe(1);
    await behind.close();
    await proxy.close();
  });

  it("counts as an outage for a tenant's reads", async () => {
    const reading = async ({ manager }: TenantScope): Promise<unknown> => {
      await manager.find(Note);
      await endSession(manager);
      return manager.find(Note);
    };
    await expectOutage(tenants.read(tenant, reading));
    await expectOutage(tenants.snapshot(tenant, reading));
  });

  it("does not make a tenant's completed reads fail", async () => {
    const reading = async ({ manager }: TenantScope): Promise<Note[]> => {
      const notes = await manager.find(Note);
      await endSession(manager);
      return notes;
    };
    expect(await tenants.read(tenant, reading)).toEqual([]);
    expect(await tenants.snapshot(tenant, reading)).toEqual([]);
    expect(await texts()).toEqual([]);
  });

  it('is reported as an outage to a multi-statement read outside a transaction', async () => {
    const reading = database.read(async (manager: EntityManager) => {
      // TypeORM does the same if one call takes several statements.
      const queryRunner = manager.connection.createQueryRunner();
      try {
        await queryRunner.query('select 1');
        await endSession({ queryRunner });
        await queryRunner.query('select 1');
      } finally {
        await queryRunner.release();
      }
    });
    await expectOutage(reading);
  });
});
