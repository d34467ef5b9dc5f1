import { createDataSource, databaseTarget, insertRow } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE, type TestDatabase, createTestDatabase } from '@atlas/testing';
import { type DataSource } from 'typeorm';
import { NameMakersOfBackups1700000000049 } from '../src/database/migrations/0049-name-makers-of-backups';
import { TenantPlane, expectedPlane } from '../src/registry/tenant-plane.entity';
import { Tenant } from '../src/registry/tenant.entity';
import { Transfer } from '../src/registry/transfer.entity';
import { CONTROL_PLANE_SCHEMA } from '../src/schema';
import { newTransfer } from '../src/transfers/transfers';

jest.setTimeout(60_000);

/** Columns that only the previous version needs. They are dropped two releases later (ADR 16). */
const UNUSED = ['transfers.superseded'];

describe.each(EVERY_DATABASE)('the migrations on %s', (driver) => {
  let database: TestDatabase;
  let source: DataSource;
  beforeAll(async () => {
    database = await createTestDatabase(driver);
    const target = databaseTarget(database.ownerUrl ?? database.url);
    source = await createDataSource(target, CONTROL_PLANE_SCHEMA).initialize();
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  const columnsQuery =
    driver === 'postgres'
      ? `select table_name as "table", column_name as "column", is_nullable = 'YES' as nullable
           from information_schema.columns where table_schema = 'public'`
      : `select m.name as "table", c.name as "column", c."notnull" = 0 as nullable
                    from sqlite_master m, pragma_table_info(m.name) c
                    where m.type = 'table' and m.name not like 'sqlite_%'`;

  /** `table.column` and whether it may be null, sorted. */
  const columns = async (): Promise<string[]> => {
    const rows =
      await source.query<{ table: string; column: string; nullable: boolean | number }[]>(columnsQuery);
    return rows
      .filter(({ table }) => table !== 'migrations')
      .map(({ table, column, nullable }) => `${table}.${column}${nullable ? ' null' : ''}`)
      .sort();
  };
  const described = (): string[] =>
    source.entityMetadatas
      .flatMap(({ tableName, columns: all }) =>
        all.map(({ databaseName, isNullable }) => `${tableName}.${databaseName}${isNullable ? ' null' : ''}`),
      )
      .sort();

  it('create the tables that the entities describe, and can be undone and run again', async () => {
    await source.runMigrations();
    const made = await columns();
    expect(made).toEqual([...described(), ...UNUSED].sort());
    expect(made.length).toBeGreaterThan(100);
    for (let left = source.migrations.length; left > 0; left -= 1) await source.undoLastMigration();
    expect(await columns()).toEqual([]);
    await source.runMigrations();
    expect(await columns()).toEqual(made);
  });

  it('create no account', async () => {
    for (const table of ['operators', 'operator_sessions', 'api_keys'])
      expect([table, await source.query<object[]>(`select * from ${table}`)]).toEqual([table, []]);
  });

  it('leave nothing pending', async () => {
    expect(await source.showMigrations()).toBe(false);
  });

  it('record which plane made a kept backup, unless another installation has enrolled since', async () => {
    const [early, begun, late] = [1, 2, 3].map((day) => new Date(Date.UTC(2030, 0, day))) as [
      Date,
      Date,
      Date,
    ];
    const tenantId = uuidv7(early);
    const named = { id: tenantId, slug: 'kept', holdsSlug: true, name: 'Kept', adminEmail: 'a@kept.example' };
    const is = {
      deploymentModel: 'shared',
      status: 'active',
      plan: 'core',
      billingState: 'ok',
      source: 'api',
      settings: {},
    } as const;
    const { manager } = source;
    await insertRow(manager, Tenant, { ...named, ...is, createdAt: early, updatedAt: early });
    const made = {
      deploymentModel: 'shared',
      region: null,
      capacity: 1,
      placed: 0,
      secretMode: 'own',
    } as const;
    for (const [name, enrolledAt] of [
      ['same', early],
      ['anew', late],
    ] as const) {
      const plane = expectedPlane({ ...made, name: () => name, now: early });
      const facts = { status: 'enrolled', instanceId: plane.id, enrolledAt, forkedAt: enrolledAt } as const;
      await insertRow(manager, TenantPlane, { ...plane, ...facts });
      const planes = { sourcePlaneId: plane.id, targetPlaneId: plane.id };
      const backup = newTransfer({ tenantId, ...planes, purpose: 'backup', recipient: {} }, begun);
      await insertRow(manager, Transfer, { ...backup, keySealed: 'sealed', endedAt: late });
    }
    const [migration, runner] = [new NameMakersOfBackups1700000000049(), source.createQueryRunner()];
    await migration.down(runner);
    await migration.up(runner);
    await runner.release();
    const backups = await manager.find(Transfer, { order: { id: 'ASC' } });
    expect(
      backups.map(({ sourcePlaneId, madeBy, forkedBefore }) => [madeBy === sourcePlaneId, forkedBefore]),
    ).toEqual([
      [true, early],
      [false, null],
    ]);
  });

  it('give every entity its primary key', async () => {
    const runner = source.createQueryRunner();
    for (const { tableName, primaryColumns } of source.entityMetadatas) {
      const table = await runner.getTable(tableName);
      expect([tableName, table?.primaryColumns.map((column) => column.name).sort()]).toEqual([
        tableName,
        primaryColumns.map((column) => column.databaseName).sort(),
      ]);
    }
    await runner.release();
  });
});
