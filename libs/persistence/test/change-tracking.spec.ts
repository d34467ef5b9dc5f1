import { randomUUID } from 'node:crypto';
import { EVERY_DATABASE, type TestDatabase, createTestDatabase } from '@atlas/testing';
import { ChangeTracking } from '../src/change-tracking';
import { type Database } from '../src/database';
import { databaseTarget } from '../src/database-target';
import { migrateFirst, openDatabase } from '../src/open-database';
import { TenantDatabase } from '../src/tenant-scope';
import { NOTES_SCHEMA, Note } from './notes.fixture';

describe.each(EVERY_DATABASE)('following what changes in a tenant on %s', (driver) => {
  let test: TestDatabase;
  let database: Database;
  let tenants: TenantDatabase;
  let tracking: ChangeTracking;
  let tenant: string;

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

  it('writes down the key of each row that is inserted, changed or deleted, from its start on', async () => {
    const before = await insert();
    await tracking.start(tenant);
    expect(await keys()).toEqual([]);
    const after = await insert();
    await tenants.write(tenant, (scope) => scope.update(Note, { id: before }, { text: 'changed' }));
    await tenants.write(tenant, (scope) => scope.delete(Note, { id: after }));
    expect(await keys()).toEqual([after, before, after]);
    expect((await changes())[0]).toMatchObject({ table: 'notes', seq: expect.any(Number) });
  });

  it('writes nothing down of other tenants, of what is rolled back, and after its end', async () => {
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

  it('forgets what it is told to, and nothing else', async () => {
    await tracking.start(tenant);
    const [first, second] = [await insert(), await insert()];
    const [change] = await changes();
    await tracking.forget(tenant, change ? [change] : []);
    expect(first).not.toBe(second);
    expect(await keys()).toEqual([second]);
  });

  it.each([
    ['start', (): Promise<void> => tracking.start(tenant)],
    ['freeze', (): Promise<void> => tracking.freeze(tenant)],
  ])('waits at %s for writers that began before', async (_, begin) => {
    const order: string[] = [];
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const writing = new Promise<void>((started) => {
      void tenants
        .write(tenant, async (scope) => {
          const note = { id: randomUUID(), text: 'slow', tags: null, writtenAt: new Date(0) };
          await scope.insert(Note, note);
          started();
          await held;
        })
        .then(() => order.push('written'));
    });
    await writing;
    const began = begin().then(() => order.push('begun'));
    goOn();
    await began;
    expect(order).toEqual(['written', 'begun']);
  });

  it('refuses the writes of a frozen tenant in words, and lets it be read', async () => {
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

  it('sees one moment in a snapshot, whatever is written meanwhile', async () => {
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
