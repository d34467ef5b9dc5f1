import { Logger } from '@nestjs/common';
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { type Socket } from 'node:net';
import { databaseFailure, runInContext } from '@atlas/platform';
import { EVERY_DATABASE, type TestDatabase, createTestDatabase, eventually } from '@atlas/testing';
import { Raw } from 'typeorm';
import { type Database } from '../src/database/database';
import { databaseTarget } from '../src/connection/database-target';
import { migrateFirst, openDatabase } from '../src/opening/open-database';
import { updateRows } from '../src/rows/rows';
import { roleFaults, tenantTableProblems } from '../src/tenants/row-level-security';
import { TenantDatabase } from '../src/tenants/tenant-scope';
import { NOTES_SCHEMA, Note, targetsOf } from './notes.fixture';

const note = (tenantId: string, text: string): Note => ({
  tenantId,
  id: randomUUID(),
  text,
  tags: ['a'],
  writtenAt: new Date(0),
});

describe.each(EVERY_DATABASE)('a closed %s database', (driver) => {
  it('leaves no async storage attached to later async calls', async () => {
    const test = await createTestDatabase(driver);
    const options = { ...targetsOf(test), schema: NOTES_SCHEMA };
    await migrateFirst(options);
    const carried = (): number => Object.getOwnPropertySymbols(new AsyncResource('probe')).length;
    const before = carried();
    for (let round = 0; round < 2; round += 1) {
      const database = await openDatabase(options);
      await new TenantDatabase(database).write(randomUUID(), (scope) => scope.find(Note));
      await database.close();
    }
    expect(carried()).toBe(before);
    await test.drop();
  });
});

describe.each(EVERY_DATABASE)('a %s database', (driver) => {
  let test: TestDatabase;
  let database: Database;
  let tenants: TenantDatabase;
  const [alpha, beta] = [randomUUID(), randomUUID()];

  beforeAll(async () => {
    test = await createTestDatabase(driver);
    const options = { ...targetsOf(test), schema: NOTES_SCHEMA, poolSize: 4 };
    await migrateFirst(options);
    database = await openDatabase(options);
    tenants = new TenantDatabase(database);
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  const textsOf = async (tenant: string): Promise<string[]> =>
    (await tenants.read(tenant, (scope) => scope.find(Note))).map((row) => row.text);

  it('preserves types across a round trip', async () => {
    const written = note(alpha, 'round trip');
    await tenants.write(alpha, (scope) => scope.insert(Note, written));
    const read = await tenants.read(alpha, (scope) => scope.findOne(Note, { id: written.id }));
    expect({ ...read }).toEqual(written);
  });

  it('says when the writes that wait for their turn are over', async () => {
    const over: string[] = [];
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const writes = [held, Promise.resolve()].map((until, at) =>
      tenants.write(alpha, async () => {
        await until;
        over.push(`write ${at}`);
      }),
    );
    const waited = tenants.waitingWrites().then(() => over.push('waited'));
    await tenants.read(beta, (scope) => scope.find(Note));
    over.push('read');
    letGo();
    await Promise.all([...writes, waited]);
    if (driver === 'sqlite') expect(over).toEqual(['read', 'write 0', 'write 1', 'waited']);
    else expect(over[0]).toBe('waited');
  });

  it('compares stored times with its own clock', async () => {
    const tenant = randomUUID();
    const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    const texts = async (minutes: number) => {
      const writtenAt = Raw((column) => `${column} <= ${database.fromNow(minutes * 60)}`);
      const found = await tenants.read(tenant, (scope) => scope.find(Note, { where: { writtenAt } }));
      return found.map(({ text }) => text).sort();
    };
    await tenants.write(tenant, async (scope) => {
      await scope.insert(Note, { ...note(tenant, 'past'), writtenAt: inMinutes(-5) });
      await scope.insert(Note, { ...note(tenant, 'to come'), writtenAt: inMinutes(5) });
    });
    expect([await texts(-10), await texts(0), await texts(10)]).toEqual([[], ['past'], ['past', 'to come']]);
  });

  it('reports the time on the clock that it uses for stored times', async () => {
    const tenant = randomUUID();
    const written = note(tenant, 'now');
    await tenants.write(tenant, (scope) => scope.insert(Note, written));
    const before = await database.now();
    const stored = { writtenAt: () => database.fromNow(0) };
    await tenants.write(tenant, ({ manager }) => updateRows(manager, Note, { id: written.id }, stored));
    const after = await database.now();
    const read = await tenants.read(tenant, (scope) => scope.findOne(Note, { writtenAt: database.isPast() }));
    const times = [before, read?.writtenAt, after].map((time) => time?.getTime());
    expect(times).toEqual(times.toSorted());
  });

  // On SQLite, both times may fall into the same millisecond.
  if (driver === 'postgres')
    it('gives each statement of a transaction its own time, because each may wait for locks', async () => {
      const sql = `select ${database.fromNow(0)}::text as now`;
      const [first, second] = await database.write(async (manager) => [
        await manager.query<unknown[]>(sql),
        await manager.query<unknown[]>(sql),
      ]);
      expect(first).not.toEqual(second);
    });

  it('completes two units of work that deadlock', async () => {
    const tenant = randomUUID();
    const [one, other] = [note(tenant, 'one'), note(tenant, 'other')];
    await tenants.write(tenant, async (scope) => {
      await scope.insert(Note, one);
      await scope.insert(Note, other);
    });
    let arrived = 0;
    let bothThere: () => void = () => undefined;
    const meeting = new Promise<void>((resolve) => (bothThere = resolve));
    const change = (first: Note, second: Note, text: string): Promise<void> =>
      tenants.write(tenant, async (scope) => {
        await scope.update(Note, { id: first.id }, { text });
        // On SQLite, the units of work run one after the other, so the first must not wait for the second.
        if ((arrived += 1) === 2 || driver === 'sqlite') bothThere();
        await meeting;
        await scope.update(Note, { id: second.id }, { text });
      });
    await Promise.all([change(one, other, 'a'), change(other, one, 'b')]);
    expect(new Set(await textsOf(tenant)).size).toBe(1);
  });

  it('loses no write when half of 50 concurrent writers roll back', async () => {
    const tenant = randomUUID();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        tenants.write(tenant, async (scope) => {
          await scope.insert(Note, note(tenant, `w${i}`));
          await scope.find(Note);
          if (i % 2 === 1) throw new Error('changed my mind');
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(25);
    expect((await textsOf(tenant)).sort()).toEqual(Array.from({ length: 25 }, (_, i) => `w${i * 2}`).sort());
  });

  it('hides uncommitted rows from readers', async () => {
    const tenant = randomUUID();
    await tenants.write(tenant, async (scope) => {
      await scope.insert(Note, note(tenant, 'not yet'));
      expect(await scope.find(Note)).toHaveLength(1);
      // Reads as another request would, outside this unit of work.
      expect(
        await new Promise((resolve) => setImmediate(() => resolve(outside(() => textsOf(tenant))))),
      ).toEqual([]);
    });
    expect(await textsOf(tenant)).toEqual(['not yet']);
  });

  it('lets a nested unit of work join the outer one, and runs callbacks after the commit', async () => {
    const tenant = randomUUID();
    const order: string[] = [];
    await tenants.write(tenant, async (scope) => {
      database.afterCommit(() => order.push('committed'));
      await tenants.write(tenant, (inner) => inner.insert(Note, note(tenant, 'inner')));
      expect(await scope.find(Note)).toHaveLength(1);
      order.push('worked');
    });
    expect(order).toEqual(['worked', 'committed']);
    await expect(tenants.write(alpha, () => tenants.write(beta, async () => undefined))).rejects.toThrow(
      'cannot join',
    );
  });

  it('runs what comes last after a nested unit of work, and before the commit', async () => {
    const tenant = randomUUID();
    const order: string[] = [];
    await tenants.write(tenant, async (outer) => {
      await tenants.write(tenant, async (inner) => {
        database.beforeCommit(async () => {
          await inner.insert(Note, note(tenant, 'last'));
          order.push('last');
        });
      });
      database.afterCommit(() => order.push('committed'));
      expect(await outer.find(Note)).toEqual([]);
      order.push('worked');
    });
    expect(order).toEqual(['worked', 'last', 'committed']);
    expect(await textsOf(tenant)).toEqual(['last']);
  });

  it('stores nothing if what comes last fails', async () => {
    const tenant = randomUUID();
    const attempt = tenants.write(tenant, async (scope) => {
      database.beforeCommit(() => Promise.reject(new Error('no room')));
      await scope.insert(Note, note(tenant, 'first'));
    });
    await expect(attempt).rejects.toThrow('no room');
    expect(await textsOf(tenant)).toEqual([]);
    expect(() => database.beforeCommit(() => Promise.resolve())).toThrow('Only a transaction has a commit.');
  });

  it('stores nothing from a failed unit of work whose statements are still running', async () => {
    const tenant = randomUUID();
    const stray: Promise<unknown>[] = [];
    const refused = tenants.write(tenant, async (scope) => {
      const goesOn = async (): Promise<void> => {
        for (let i = 0; i < 20; i += 1) await scope.insert(Note, note(tenant, `stray ${i}`));
      };
      stray.push(goesOn().catch(() => undefined));
      await scope.manager.query('select no_such_column from notes');
    });
    await expect(refused).rejects.toThrow('no_such_column');
    await Promise.all(stray);
    expect(await textsOf(tenant)).toEqual([]);
  });

  it('runs no callback after a rollback', async () => {
    const callback = jest.fn();
    const failing = database.write(async () => {
      database.afterCommit(callback);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(callback).not.toHaveBeenCalled();
  });

  it('keeps a committed transaction when an afterCommit callback throws', async () => {
    const tenant = randomUUID();
    jest.spyOn(Logger.prototype, 'error').mockImplementationOnce(() => undefined);
    await tenants.write(tenant, async (scope) => {
      await scope.insert(Note, note(tenant, 'stored'));
      database.afterCommit(() => {
        throw new Error('nobody listens');
      });
    });
    expect(await textsOf(tenant)).toEqual(['stored']);
  });

  it("reports a commit only if the writes are stored, even if a statement's error is swallowed", async () => {
    const tenant = randomUUID();
    const row = note(tenant, 'twice');
    const attempt = tenants.write(tenant, async (scope) => {
      await scope.insert(Note, row);
      await scope.insert(Note, row).catch(() => undefined);
    });
    if (driver === 'postgres') await expect(attempt).rejects.toThrow('nothing was written');
    else await attempt;
    expect(await textsOf(tenant)).toHaveLength(driver === 'postgres' ? 0 : 1);
  });

  it('keeps parameters out of the error text', async () => {
    const failing = database.write((manager) => manager.query('insert into nowhere values ($1)', ['canary']));
    const error = await failing.catch((reason: Error & { driverError: Error }) => reason);
    expect(error).toBeInstanceOf(Error);
    const { message, stack, driverError } = error as Error & { driverError: Error };
    expect(`${message} ${stack} ${driverError.stack}`).toMatch(/nowhere/);
    expect(`${message} ${stack} ${driverError.stack}`).not.toContain('canary');
  });

  it('issues numbers without gaps, separately for each tenant', async () => {
    const tenant = randomUUID();
    const numbers = await Promise.all(
      Array.from({ length: 10 }, () => tenants.write(tenant, (scope) => scope.nextNumber('INC'))),
    );
    expect(numbers.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await tenants.write(randomUUID(), (scope) => scope.nextNumber('INC'))).toBe(1);
  });

  it.each([undefined, null, ''])('rejects %p as a tenant', async (tenant) => {
    const without = tenant as unknown as string;
    await expect(tenants.read(without, (scope) => scope.find(Note))).rejects.toThrow('No tenant');
    await expect(tenants.write(without, (scope) => scope.find(Note))).rejects.toThrow('No tenant');
  });

  it('rejects an undefined condition', async () => {
    const nothing = undefined as unknown as string;
    await expect(tenants.read(alpha, (scope) => scope.findOne(Note, { id: nothing }))).rejects.toThrow();
    await expect(
      tenants.write(alpha, (scope) => scope.update(Note, { id: nothing }, { text: 'x' })),
    ).rejects.toThrow();
    await expect(tenants.write(alpha, (scope) => scope.delete(Note, { id: nothing }))).rejects.toThrow();
  });

  it('keeps tenants apart in every operation, even if a predicate names another tenant', async () => {
    const own = note(alpha, 'of alpha');
    await tenants.write(alpha, (scope) => scope.insert(Note, own));
    await tenants.write(beta, async (scope) => {
      expect(await scope.findOne(Note, { id: own.id })).toBeNull();
      expect(await scope.find(Note, { where: { tenantId: alpha } })).toEqual([]);
      expect(await scope.update(Note, { id: own.id }, { text: 'taken' })).toBe(0);
      expect(await scope.delete(Note, { id: own.id })).toBe(0);
    });
    expect(await textsOf(alpha)).toContain('of alpha');
  });

  if (driver === 'postgres') {
    it('neither shows nor accepts rows of another tenant, even without the tenant predicate', async () => {
      await tenants.write(alpha, (scope) => scope.insert(Note, note(alpha, 'secret')));
      const seen = await tenants.read(beta, (scope) => scope.manager.find(Note));
      expect(seen.filter((row) => row.tenantId === alpha)).toEqual([]);
      expect(await database.read((manager) => manager.find(Note))).toEqual([]);
      await expect(
        tenants.write(beta, (scope) => scope.manager.insert(Note, note(alpha, 'planted'))),
      ).rejects.toThrow('row-level security');
    });

    it('is reported as unavailable after the server has terminated an idle session', async () => {
      const { dataSource } = database;
      const failing = database.write(async ({ queryRunner }) => {
        // Pausing the socket has the same effect as pausing the process. @types/pg omits this property.
        const client = (await queryRunner?.connect()) as { connection: { stream: Socket } };
        const [{ pid }] = (await queryRunner?.query('select pg_backend_pid() as pid')) as [{ pid: number }];
        client.connection.stream.pause();
        const setting = queryRunner?.query(`set local idle_in_transaction_session_timeout = '1ms'`);
        const alive = 'select 1 from pg_stat_activity where pid = $1';
        await eventually(async () => (await dataSource.query<unknown[]>(alive, [pid])).length === 0, {
          what: 'the server ends the session',
          everyMs: 5,
        });
        client.connection.stream.resume();
        await Promise.all([setting, queryRunner?.query('select 1')]);
      });
      const failure: unknown = await failing.catch((error: unknown) => error);
      expect(failure).toMatchObject({ driverError: { code: '25P03' } });
      expect(databaseFailure(failure)?.code).toBe('database_unavailable');
    });

    describe('tenant reads', () => {
      interface Transaction {
        readonly pid: number;
        readonly began: string;
      }
      const TRANSACTION = 'select pg_backend_pid() as pid, now()::text as began';
      const transactionOf = (tenantId: string): Promise<Transaction | undefined> =>
        tenants.read(tenantId, async ({ manager }) => (await manager.query<Transaction[]>(TRANSACTION))[0]);
      const inRequest = <T>(work: () => Promise<T>): Promise<T> =>
        runInContext({ traceId: randomUUID() }, work);
      const openTransactions = async (): Promise<number> => {
        const [row] = await database.dataSource.query<{ count: number }[]>(
          'select count(*)::int as count from pg_stat_activity where datname = current_database() ' +
            `and state like 'idle in%'`,
        );
        return row?.count ?? NaN;
      };

      it('share a transaction if they follow each other immediately within one request', async () => {
        const [one, next] = await inRequest(async () => [
          await transactionOf(alpha),
          await transactionOf(alpha),
        ]);
        expect(next).toEqual(one);
      });

      it('have separate transactions if they are concurrent or outside a request', async () => {
        const beside = await inRequest(() => Promise.all([transactionOf(alpha), transactionOf(alpha)]));
        expect(beside[0]?.pid).not.toBe(beside[1]?.pid);
        const apart = [await transactionOf(alpha), await transactionOf(alpha)];
        expect(apart[0]?.began).not.toEqual(apart[1]?.began);
      });

      it('never share a transaction across tenants or requests', async () => {
        await tenants.write(alpha, (scope) => scope.insert(Note, note(alpha, 'not for beta')));
        const [ofAlpha, ofBeta] = await inRequest(async () => {
          await transactionOf(alpha);
          return [await textsOf(alpha), await tenants.read(beta, (scope) => scope.manager.find(Note))];
        });
        expect(ofAlpha).toContain('not for beta');
        expect(ofBeta.filter(({ tenantId }) => tenantId !== beta)).toEqual([]);
        const [one, other] = [
          await inRequest(() => transactionOf(alpha)),
          await inRequest(() => transactionOf(alpha)),
        ];
        expect(other?.began).not.toEqual(one?.began);
      });

      it('see changes committed in the meantime, and leave no transaction open', async () => {
        const tenant = randomUUID();
        const texts = await inRequest(async () => {
          const before = await textsOf(tenant);
          await tenants.write(tenant, (scope) => scope.insert(Note, note(tenant, 'meanwhile')));
          return [before, await textsOf(tenant)];
        });
        expect(texts).toEqual([[], ['meanwhile']]);
        await inRequest(() => transactionOf(alpha));
        await eventually(async () => (await openTransactions()) === 0, { what: 'no transaction is open' });
      });

      it('use a new transaction after a failed read', async () => {
        const failing = (): Promise<unknown> =>
          tenants.read(alpha, ({ manager }) => manager.query('select 1 / 0'));
        await inRequest(async () => {
          await transactionOf(alpha);
          await expect(failing()).rejects.toThrow('division by zero');
          expect(await transactionOf(alpha)).toBeDefined();
        });
      });
    });

    it('passes the catalog lint, which would report a table without row-level security', async () => {
      expect(await tenantTableProblems(database.dataSource)).toEqual([]);
      expect(await roleFaults(database.dataSource)).toEqual({ bypassing: [], owning: [] });
      const owner = await openDatabase({
        target: databaseTarget(test.ownerUrl ?? test.url),
        schema: NOTES_SCHEMA,
      });
      await owner.dataSource.query('create table holes (id int primary key, tenant_id uuid)');
      expect(await tenantTableProblems(owner.dataSource)).toEqual([
        'table holes: row-level security is not enabled and forced',
        'table holes: no policy with both USING and WITH CHECK for all commands',
        expect.stringContaining('is unique but does not start with tenant_id'),
      ]);
      expect((await roleFaults(owner.dataSource)).owning).toEqual([
        expect.stringContaining('owns the table'),
      ]);
      await owner.dataSource.query('drop table holes');
      await owner.close();
    });
  }

  it('reverts and reapplies its migrations', async () => {
    const owner = await openDatabase({
      target: databaseTarget(test.ownerUrl ?? test.url),
      schema: NOTES_SCHEMA,
    });
    await owner.dataSource.undoLastMigration();
    await owner.dataSource.runMigrations();
    await owner.close();
  });

  /** Runs `work` outside the async context of the test's transaction, as another request would. */
  function outside<T>(work: () => Promise<T>): Promise<T> {
    return database['current'].exit(work);
  }
});
