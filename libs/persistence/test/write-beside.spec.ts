import { randomUUID } from 'node:crypto';
import { EVERY_DATABASE, type TestDatabase, createTestDatabase } from '@atlas/testing';
import { Database as Connection } from 'sqlite3';
import { type EntityManager } from 'typeorm';
import { type Database } from '../src/database/database';
import { migrateFirst, openDatabase, writeBeside } from '../src/opening/open-database';
import { TenantDatabase } from '../src/tenants/tenant-scope';
import { NOTES_SCHEMA, Note, targetsOf } from './notes.fixture';

describe.each(EVERY_DATABASE)('a write beside a running plane on %s', (driver) => {
  const tenantId = randomUUID();
  let test: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase(driver);
    await migrateFirst({ ...targetsOf(test), schema: NOTES_SCHEMA });
    database = await openDatabase({ ...targetsOf(test), schema: NOTES_SCHEMA });
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  const beside = <T>(work: (manager: EntityManager) => Promise<T>): Promise<T> =>
    writeBeside({ ...targetsOf(test), schema: NOTES_SCHEMA }, async (manager) => {
      if (driver === 'postgres')
        await manager.query(`select set_config('app.tenant_id', $1, true)`, [tenantId]);
      return work(manager);
    });
  const insert = (manager: EntityManager, text: string) =>
    manager.insert(Note, { tenantId, id: randomUUID(), text, tags: null, writtenAt: new Date(0) });
  const texts = async (): Promise<string[]> => {
    const notes = await new TenantDatabase(database).read(tenantId, (scope) => scope.find(Note));
    return notes.map(({ text }) => text);
  };

  it('is stored as a whole, or not at all', async () => {
    await beside((manager) => insert(manager, 'stored'));
    const failing = beside(async (manager) => {
      await insert(manager, 'undone');
      throw new Error('It failed.');
    });
    await expect(failing).rejects.toThrow('It failed.');
    expect(await texts()).toEqual(['stored']);
  });

  if (driver === 'sqlite')
    it('locks the file before it reads, or it could not write if the plane wrote meanwhile', async () => {
      await beside(async () => {
        const plane = new Connection(test.url);
        const refused = new Promise<Error | null>((resolve) => plane.exec('begin immediate', resolve));
        expect(await refused).toMatchObject({ code: 'SQLITE_BUSY' });
        await new Promise((resolve) => plane.close(resolve));
      });
    });
});
