import { randomUUID } from 'node:crypto';
import { createDataSource, databaseTarget, migrate, trackChangesOf } from '@atlas/persistence';
import { EVERY_DATABASE, type TestDatabase, createTestDatabase } from '@atlas/testing';
import { type DataSource, type EntityManager, type QueryRunner, type Table } from 'typeorm';
import { UserToken } from '../../src/credentials/user-token.entity';
import { User } from '../../src/credentials/user.entity';
import { KeepLinksOfCopies1700000000026 } from '../../src/schema/migrations/0026-keep-links-of-copies';
import {
  REFERRED_ENTITIES,
  TENANT_PLANE_SCHEMA,
  TENANT_SCOPED_ENTITIES,
} from '../../src/schema/tenant-plane-schema';

jest.setTimeout(30_000);

/** Tables that only TypeORM itself or plain SQL uses. */
const WITHOUT_ENTITY = ['export_chunks', 'migrations', 'row_changes', 'tracked_tenants'];

describe.each(EVERY_DATABASE)('the migrations on %s', (driver) => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let runner: QueryRunner;
  let tables: Table[];

  beforeAll(async () => {
    database = await createTestDatabase(driver);
    // Migrations run as the owner.
    const target = databaseTarget(database.ownerUrl ?? database.url);
    await migrate(target, TENANT_PLANE_SCHEMA);
    dataSource = await createDataSource(target, TENANT_PLANE_SCHEMA).initialize();
    runner = dataSource.createQueryRunner();
    tables = await tablesNow();
  });
  afterAll(async () => {
    await runner.release();
    await dataSource.destroy();
    await database.drop();
  });

  async function tablesNow(): Promise<Table[]> {
    const found = await runner.getTables();
    // Tables of other schemas have the schema in their name.
    return found.filter(({ name }) => !/^sqlite_|^(?!public\.)\w+\./.test(name));
  }
  const plainName = ({ name }: Table): string => name.replace(/^public\./, '');
  const tableOf = (name: string): Table | undefined => tables.find((table) => plainName(table) === name);
  /** A description that does not depend on the order in which the database lists tables and columns. */
  const describeTables = (given: readonly Table[]): string[] =>
    given
      .filter((table) => plainName(table) !== 'migrations')
      .flatMap((table) =>
        [
          ...table.columns.map(({ name, type, isNullable, isPrimary }) => [
            name,
            type,
            isNullable,
            isPrimary,
          ]),
          ...table.indices.map(({ name, columnNames, where }) => [name, [...columnNames].sort(), where]),
          ...table.uniques.map(({ name, columnNames }) => [name, [...columnNames].sort()]),
          ...table.foreignKeys.map(({ name, columnNames }) => [name, columnNames]),
        ].map((part) => JSON.stringify([plainName(table), ...part])),
      )
      .sort();

  /** The definitions of a table's triggers, in lower case and with single spaces. */
  async function triggersOf(table: string): Promise<string[]> {
    const question =
      driver === 'postgres'
        ? `select pg_get_triggerdef(oid) as sql from pg_trigger where tgrelid = '${table}'::regclass ` +
          'and not tgisinternal'
        : `select sql from sqlite_master where type = 'trigger' and tbl_name = '${table}'`;
    const rows: { sql: string }[] = await dataSource.query(question);
    return rows.map(({ sql }) => wordsOf(sql));
  }
  const wordsOf = (sql: string): string =>
    sql
      .toLowerCase()
      .replaceAll('public.', '')
      .replace('after insert or delete or update', 'after insert or update or delete')
      .replace(/\s+/g, ' ')
      .trim();

  it('create a table for each entity, and no others', () => {
    const expected = [...dataSource.entityMetadatas.map((entity) => entity.tableName), ...WITHOUT_ENTITY];
    expect(tables.map(plainName).sort()).toEqual(expected.sort());
  });

  it('give each table the columns of its entity: names, nullability and keys', () => {
    for (const entity of dataSource.entityMetadatas) {
      const wanted = entity.columns.map((column) => [
        column.databaseName,
        column.isNullable ? 'null' : 'not null',
        column.isPrimary,
      ]);
      const there = tableOf(entity.tableName)?.columns.map((column) => [
        column.name,
        column.isNullable ? 'null' : 'not null',
        column.isPrimary,
      ]);
      expect([entity.tableName, there?.sort()]).toEqual([entity.tableName, wanted.sort()]);
    }
  });

  it('give each column the type that its entity needs', () => {
    const typesOf: Readonly<Record<string, readonly string[]>> = {
      uuid: ['uuid'],
      varchar: ['character varying'],
      text: ['text'],
      integer: ['integer'],
      bigint: ['bigint'],
      boolean: ['boolean'],
      'double precision': ['double precision'],
      'simple-json': ['jsonb'],
      Date: ['timestamp with time zone'],
    };
    const faults = dataSource.entityMetadatas.flatMap((entity) =>
      entity.columns
        .map(({ databaseName, type }) => {
          const name = typeof type === 'function' ? type.name : type;
          const actual = tableOf(entity.tableName)?.columns.find((column) => column.name === databaseName);
          return { column: `${entity.tableName}.${databaseName}`, name, actual: actual?.type ?? 'none' };
        })
        .filter(({ name, actual }) => !typesOf[name]?.includes(actual)),
    );
    if (driver === 'postgres') expect(faults).toEqual([]);
    // SQLite has few types, but dates keep theirs so that TypeORM can read them back.
    else expect(tableOf('users')?.columns.find(({ name }) => name === 'created_at')?.type).toBe('datetime');
  });

  it.each(TENANT_SCOPED_ENTITIES.map((entity) => [entity.name, entity] as const))(
    'record the key of each changed row of %s while its tenant is tracked',
    async (_, entity) => {
      const { tableName, primaryColumns } = dataSource.getMetadata(entity);
      const keys = primaryColumns
        .map(({ databaseName }) => databaseName)
        .filter((name) => name !== 'tenant_id');
      for (const statement of trackChangesOf(driver, tableName, keys))
        expect(await triggersOf(tableName)).toContainEqual(wordsOf(statement));
    },
  );

  it('let rows reference only entities that precede their own in TENANT_SCOPED_ENTITIES', () => {
    const order: string[] = TENANT_SCOPED_ENTITIES.map((entity) => dataSource.getMetadata(entity).tableName);
    for (const [place, name] of order.entries()) {
      const referred = tableOf(name)?.foreignKeys.map((key) =>
        key.referencedTableName.replace(/^public\./, ''),
      );
      expect(order.slice(0, place + 1)).toEqual(expect.arrayContaining(referred ?? []));
    }
  });

  it('let rows reference only the entities in REFERRED_ENTITIES', () => {
    const tablesOf = (entities: readonly (new () => object)[]): string[] =>
      entities.map((entity) => dataSource.getMetadata(entity).tableName);
    const referred = tablesOf(TENANT_SCOPED_ENTITIES).flatMap(
      (name) =>
        tableOf(name)?.foreignKeys.map((key) => key.referencedTableName.replace(/^public\./, '')) ?? [],
    );
    expect([...new Set(referred)]).toEqual(tablesOf(REFERRED_ENTITIES));
  });

  it.each(TENANT_SCOPED_ENTITIES.map((entity) => [entity.name, entity] as const))(
    'start the primary key of %s with tenant_id',
    async (_, entity) => {
      const { tableName } = dataSource.getMetadata(entity);
      expect((await primaryKeyOf(tableName))[0]).toBe('tenant_id');
    },
  );

  it("keep a user's latest link when reverted to one link per user", async () => {
    const [tenantId, id] = [randomUUID(), randomUUID()];
    const asTenant = <T>(work: (manager: EntityManager) => Promise<T>): Promise<T> =>
      dataSource.transaction(async (manager) => {
        if (driver === 'postgres')
          await manager.query(`select set_config('app.tenant_id', $1, true)`, [tenantId]);
        return work(manager);
      });
    await asTenant(async (manager) => {
      const email = 'ann@example.com';
      const user = {
        tenantId,
        id,
        email,
        name: email,
        role: 'admin',
        passwordHash: '',
        isFirst: true,
      } as const;
      await manager.insert(User, { ...user, createdAt: new Date(), credentialsEpoch: 0 });
      for (const [tokenHash, expires] of Object.entries({ early: 1, late: 3, middle: 2 }))
        await manager.insert(UserToken, {
          tenantId,
          tokenHash,
          userId: id,
          purpose: 'invite',
          expiresAt: new Date(expires),
        });
    });
    for (let undone = ''; undone !== KeepLinksOfCopies1700000000026.name;) {
      const [last] = await dataSource.query('select name from migrations order by id desc limit 1');
      await dataSource.undoLastMigration();
      undone = last.name;
    }
    expect(await asTenant((manager) => manager.find(UserToken))).toMatchObject([{ tokenHash: 'late' }]);
    await dataSource.runMigrations();
    expect(await asTenant((manager) => manager.find(UserToken))).toMatchObject([{ tokenHash: 'late' }]);
  });

  it('can all be reverted and run again, with the same result', async () => {
    const before = describeTables(tables);
    for (let left = dataSource.migrations.length; left > 0; left--) await dataSource.undoLastMigration();
    expect((await tablesNow()).map(plainName)).toEqual(['migrations']);
    await dataSource.runMigrations();
    expect(describeTables(await tablesNow())).toEqual(before);
    expect(await dataSource.runMigrations()).toEqual([]);
  });

  it('can be run by several processes at the same time', async () => {
    const fresh = await createTestDatabase(driver);
    const target = databaseTarget(fresh.ownerUrl ?? fresh.url);
    const processes = driver === 'postgres' ? 4 : 1;
    await Promise.all(Array.from({ length: processes }, () => migrate(target, TENANT_PLANE_SCHEMA)));
    await fresh.drop();
  });

  /** The columns of the primary key, in order. */
  async function primaryKeyOf(table: string): Promise<string[]> {
    const rows: { name: string }[] = await runner.query(
      driver === 'postgres'
        ? `select a.attname as name from pg_index i
             join unnest(i.indkey) with ordinality as k (attnum, place) on true
             join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
            where i.indrelid = '${table}'::regclass and i.indisprimary order by k.place`
        : `select name from pragma_table_info('${table}') where pk > 0 order by pk`,
    );
    return rows.map(({ name }) => name);
  }
});
