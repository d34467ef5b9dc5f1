import { type TestDatabase, createTestDatabase } from '@atlas/testing';
import { Client } from 'pg';
import { copyOut } from '../src/postgres/copy-out';

const MEBIBYTE = 1_048_576;
/** Rows of a kibibyte each. */
const rowsOf = (count: number): string =>
  `select n, repeat('x', 1000) from generate_series(1, ${count}) as n`;

describe('COPY on a pipelined connection', () => {
  let database: TestDatabase;
  let client: Client;
  let other: Client;

  beforeAll(async () => {
    database = await createTestDatabase('postgres');
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    [client, other] = [connection(), connection()];
    for (const one of [client, other]) await one.on('error', () => undefined).connect();
  });
  afterEach(async () => {
    for (const one of [client, other]) await one.end();
  });

  const connection = (): Client => {
    // As in the pool. @types/pg omits this option.
    const options = { connectionString: database.url, pipeline: true };
    return new Client(options);
  };
  const isUsable = async (): Promise<void> =>
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);

  it('returns all rows in batches of whole rows, even if one is larger than a batch', async () => {
    const select = `select n, repeat('x', case n when 7 then 3000000 else 1000 end)
      from generate_series(1, 3000) as n`;
    const numbers: string[] = [];
    for await (const batch of copyOut(client, select))
      for (const line of batch.toString('latin1', 0, batch.length - 1).split('\n'))
        numbers.push(line.split('\t')[0] ?? '');
    expect(numbers).toEqual(Array.from({ length: 3000 }, (_, at) => String(at + 1)));
    await isUsable();
  });

  it('leaves the connection usable if the caller stops early', async () => {
    await client.query('begin');
    for await (const batch of copyOut(client, rowsOf(20_000))) {
      expect(batch.length).toBeLessThan(MEBIBYTE);
      break;
    }
    await isUsable();
    await client.query('commit');
  });

  it('throws the error of the statement after its first rows, and leaves the connection usable', async () => {
    let batches = 0;
    const copying = async (): Promise<void> => {
      const select = `select repeat('x', 1000), 1 / (n - 5000) from generate_series(1, 9000) as n`;
      for await (const batch of copyOut(client, select)) batches += Math.sign(batch.length);
    };
    await expect(copying()).rejects.toThrow('division by zero');
    expect(batches).toBeGreaterThan(0);
    await isUsable();
  });

  it('throws if the connection breaks, or the statement is cancelled', async () => {
    for (const ending of ['pg_cancel_backend', 'pg_terminate_backend']) {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const copying = async (): Promise<void> => {
        for await (const batch of copyOut(client, rowsOf(200_000)))
          if (batch.length > 0) await other.query(`select ${ending}($1)`, [rows[0]?.pid]);
      };
      await expect(copying()).rejects.toThrow(/canceling statement|terminat/);
    }
  });

  it('stops receiving while a batch is in use', async () => {
    for await (const batch of copyOut(client, rowsOf(50_000))) {
      while (!client.connection.stream.isPaused()) await other.query('select 1');
      expect(batch.length).toBeLessThan(MEBIBYTE);
      break;
    }
    await isUsable();
  });
});
