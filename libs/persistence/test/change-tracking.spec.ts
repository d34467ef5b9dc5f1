import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { EVERY_DATABASE, type TestDatabase, createTestDatabase, eventually } from '@atlas/testing';
import { Client } from 'pg';
import { ChangeTracking } from '../src/tenants/change-tracking';
import { type Database } from '../src/database/database';
import { databaseTarget } from '../src/connection/database-target';
import { migrateFirst, openDatabase } from '../src/opening/open-database';
import { TenantDatabase } from '../src/tenants/tenant-scope';
import { NOTES_SCHEMA, Note } from './notes.fixture';

describe.each(EVERY_DATABASE)('change tracking on %s', (driver) => {
  let test: TestDatabase;
  let database: Database;
  let tenants: TenantDatabase;
  let tracking: ChangeTracking;
  let tenant: string;
  const outside = new AsyncResource('outside any transaction');

  beforeAll(async () => {
    test = await createTestDatabase(driver);
    const owner = test.ownerUrl;
    const migrationTarget = owner === undefined ? undefined : databaseTarget(owner);
    const options = { target: databaseTarget(test.url), migrationTarget, schema: NOTES_SCHEMA, poolSize: 5 };
    await migrateFirst(options);
    database = await openDatabase(options);
    tenants = new TenantDatabase(database);
    tracking = new ChangeTracking(database);
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });
  beforeEach(() => {
    tenant = randomUUID();
  });

  const insert = async (text = 'x', of = tenant): Promise<string> => {
    const id = randomUUID();
    const note: Note = { tenantId: of, id, text, tags: null, writtenAt: new Date(0) };
    await tenants.write(of, (scope) => scope.insert(Note, note));
    return id;
  };
  const changes = () => tenants.snapshot(tenant, ({ manager }) => tracking.read(manager, tenant, 1000));
  const keys = async (): Promise<(string | undefined)[]> => (await changes()).map(({ key }) => key[0]);

  it('records the key of each row inserted, changed or deleted after it starts', async () => {
    const before = await insert();
    await tracking.start(tenant);
    expect(await keys()).toEqual([]);
    const after = await insert();
    await tenants.write(tenant, (scope) => scope.update(Note, { id: before }, { text: 'changed' }));
    await tenants.write(tenant, (scope) => scope.delete(Note, { id: after }));
    expect(await keys()).toEqual([after, before, after]);
    expect((await changes())[0]).toMatchObject({ table: 'notes', seq: expect.any(Number) });
  });

  it('ignores changes of other tenants, rolled-back changes, and changes made after it stops', async () => {
    await tracking.start(tenant);
    await insert('of another', randomUUID());
    const failing = tenants.write(tenant, async () => {
      await insert();
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await keys()).toEqual([]);
    await tracking.stop(tenant);
    await insert();
    expect(await keys()).toEqual([]);
  });

  it('forgets only the given changes', async () => {
    await tracking.start(tenant);
    const [first, second] = [await insert(), await insert()];
    const [change] = await changes();
    await tracking.forget(tenant, change ? [change] : []);
    expect(first).not.toBe(second);
    expect(await keys()).toEqual([second]);
  });

  /** A writer that keeps its transaction open until `goOn` is called. */
  const slowWriter = async (): Promise<{ goOn: () => void; written: Promise<void> }> => {
    let goOn: () => void = () => undefined;
    let written: Promise<void> = Promise.resolve();
    const held = new Promise<void>((resolve) => (goOn = resolve));
    await new Promise<void>((started) => {
      written = tenants.write(tenant, async (scope) => {
        const note = { id: randomUUID(), text: 'slow', tags: null, writtenAt: new Date(0) };
        await scope.insert(Note, note);
        started();
        await held;
      });
    });
    return { goOn, written };
  };

  describe.each([
    ['its start', (): Promise<void> => tracking.start(tenant)],
    ['a freeze', (): Promise<void> => tracking.freeze(tenant)],
  ])('during %s', (_, begin) => {
    /** Expects `begun` to keep polling until the writer is released. */
    const expectWaits = async (begun: Promise<void>, goOn: () => void): Promise<void> => {
      let hasBegun = false;
      void begun.then(() => (hasBegun = true));
      const looks = jest.spyOn(database, 'read');
      await eventually(() => hasBegun || looks.mock.calls.length > 3);
      expect(hasBegun).toBe(false);
      looks.mockRestore();
      goOn();
      await begun;
      expect((await tenants.read(tenant, (scope) => scope.find(Note))).map(({ text }) => text)).toEqual([
        'slow',
      ]);
    };

    if (driver === 'postgres') {
      it('waits for writers that started earlier', async () => {
        const { goOn } = await slowWriter();
        await expectWaits(begin(), goOn);
      });

      it('does not wait for a writer in another database of the server', async () => {
        const other = await createTestDatabase(driver);
        const client = new Client({ connectionString: other.ownerUrl });
        await client.connect();
        await client.query('begin; create table t (id int); insert into t values (1)');
        await begin();
        await client.query('rollback');
        await client.end();
        await other.drop();
      });

      it('waits only until it is aborted', async () => {
        const { goOn, written } = await slowWriter();
        const end = new AbortController();
        const waiting = [tracking.start(tenant, end.signal), tracking.freeze(tenant, end.signal)];
        const ends = Promise.allSettled(waiting);
        end.abort();
        expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
        goOn();
        await written;
      });

      it('waits for writers that started just before it commits', async () => {
        const writeAs = database.writeAs.bind(database);
        let slow: Awaited<ReturnType<typeof slowWriter>> | undefined;
        jest.spyOn(database, 'writeAs').mockImplementationOnce((id, work) =>
          writeAs(id, async (manager) => {
            const result = await work(manager);
            slow = await outside.runInAsyncScope(slowWriter);
            return result;
          }),
        );
        const begun = outside.runInAsyncScope(begin);
        const { goOn } = await eventually(() => slow);
        await expectWaits(begun, goOn);
      });
    } else {
      it('waits for writers that started earlier', async () => {
        const { goOn, written } = await slowWriter();
        const begun = begin();
        goOn();
        await begun;
        await written;
        expect(await tenants.read(tenant, (scope) => scope.find(Note))).toHaveLength(1);
      });
    }
  });

  it('changes nothing for a process that another process has replaced', async () => {
    const late = new ChangeTracking(database, () => Promise.reject(new Error('too late')));
    await tracking.start(tenant);
    await insert();
    const before = await changes();
    const attempts = [
      () => late.start(tenant),
      () => late.freeze(tenant),
      () => late.stop(tenant),
      () => late.forget(tenant, before),
      () => late.writeFrozen(tenant, () => Promise.resolve()),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow('too late');
    expect(await changes()).toEqual(before);
    await insert();
  });

  it('allows one designated write to a frozen tenant, but no other write during it or after it', async () => {
    await tracking.freeze(tenant);
    let meanwhile: Promise<unknown> = Promise.resolve();
    await tracking.writeFrozen(tenant, async () => {
      await insert('its own');
      meanwhile = outside.runInAsyncScope(() => insert('meanwhile').catch((error: unknown) => error));
      if (driver === 'postgres') await meanwhile;
    });
    expect(await meanwhile).toMatchObject({ code: 'tenant_frozen' });
    await expect(insert('afterwards')).rejects.toMatchObject({ code: 'tenant_frozen' });
    const notes = await tenants.read(tenant, (scope) => scope.find(Note));
    expect(notes.map(({ text }) => text)).toEqual(['its own']);
  });

  it('refuses writes to a frozen tenant with a clear error, but allows reads', async () => {
    const id = await insert('before');
    await tracking.freeze(tenant);
    const refusal = { code: 'tenant_frozen', kind: 'unavailable', headers: { 'retry-after': '1' } };
    await expect(insert()).rejects.toMatchObject(refusal);
    await expect(
      tenants.write(tenant, (scope) => scope.update(Note, { id }, { text: 'x' })),
    ).rejects.toMatchObject(refusal);
    await expect(tenants.write(tenant, (scope) => scope.delete(Note, { id }))).rejects.toMatchObject(refusal);
    expect(await tenants.read(tenant, (scope) => scope.find(Note))).toMatchObject([{ text: 'before' }]);
    await insert('of another', randomUUID());
    await tracking.stop(tenant);
    await insert('after');
  });

  it('hides later writes from an open snapshot', async () => {
    await insert('old');
    const [first, second] = await tenants.snapshot(tenant, async (scope) => {
      const before = await scope.find(Note);
      await insert('new');
      return [before, await scope.find(Note)];
    });
    expect([first?.length, second?.length]).toEqual([1, 1]);
    expect(await tenants.read(tenant, (scope) => scope.find(Note))).toHaveLength(2);
  });
});
