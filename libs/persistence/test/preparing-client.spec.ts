import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { type TestDatabase, createTestDatabase } from '@atlas/testing';
import { type QueryResult } from 'pg';
import { PreparingClient, UNPREPARED } from '../src/connection/preparing-client';

/** The type and length of BackendKeyData, which names the server process in the next four bytes. */
const KEY_DATA = Buffer.from('K\0\0\0\x0c', 'latin1');
/** The types of node-postgres do not know it. */
const PIPELINED = { pipeline: true };
const TIMES = 12;

interface PreparedStatement {
  readonly name: string;
  readonly statement: string;
}

/** Stands in for a pooler such as PgBouncer: it names another process than the server's. */
async function startPooler(serverUrl: string): Promise<{ server: Server; url: string }> {
  const { hostname, port } = new URL(serverUrl);
  const server = createServer((client) => {
    const upstream = connect({ port: Number(port), host: hostname });
    const end = (): void => [client, upstream].forEach((socket: Socket) => socket.destroy());
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      const at = chunk.indexOf(KEY_DATA);
      if (at >= 0) chunk.writeInt32BE(1, at + KEY_DATA.length);
      client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = String((server.address() as AddressInfo).port);
  return { server, url: Object.assign(new URL(serverUrl), { hostname: '127.0.0.1', port: own }).toString() };
}

describe('a client that prepares statements', () => {
  let test: TestDatabase;
  let url: string;
  const clients: PreparingClient[] = [];
  beforeAll(async () => {
    test = await createTestDatabase('postgres');
    url = test.url;
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
  });
  afterAll(() => test.drop());

  const open = async (to: string): Promise<PreparingClient> => {
    const client = new PreparingClient({ connectionString: to, ...PIPELINED });
    clients.push(client);
    await client.connect();
    // The check of the connection has been sent before this statement, so it is over.
    await client.query('select 1');
    return client;
  };
  const preparedBy = async (client: PreparingClient): Promise<PreparedStatement[]> => {
    const sql = `select name, statement from pg_prepared_statements where name like 'atlas_%'`;
    return (await client.query<PreparedStatement>(sql)).rows;
  };
  const repeat = (client: PreparingClient, sql: string, values: readonly unknown[]) =>
    Promise.all(Array.from({ length: TIMES }, () => client.query(sql, [...values])));

  it('prepares a statement that it sends often, with the same results', async () => {
    const client = await open(url);
    const sql = 'select $1::int + 1 as often';
    const results: QueryResult<{ often: number }>[] = await repeat(client, sql, [41]);
    expect(results.map(({ rows }) => rows)).toEqual(Array.from({ length: TIMES }, () => [{ often: 42 }]));
    expect((await preparedBy(client)).map(({ statement }) => statement)).toEqual([sql]);
  });

  it('does not prepare what it sends once, what may be several statements, or what asks for it', async () => {
    const client = await open(url);
    await client.query('select $1::int as once', [1]);
    await Promise.all(Array.from({ length: TIMES }, () => client.query('select 1; select 2')));
    await repeat(client, `/* ${UNPREPARED} */ select $1::int as planned_for_its_value`, [1]);
    expect(await preparedBy(client)).toEqual([]);
  });

  it('prepares a statement again after its first attempt failed', async () => {
    const client = await open(url);
    const sql = 'select $1::int as of_late from late';
    const failed = await Promise.allSettled(Array.from({ length: TIMES }, () => client.query(sql, [1])));
    expect(new Set(failed.map(({ status }) => status))).toEqual(new Set(['rejected']));
    await client.query('create temp table late (id int)');
    expect((await repeat(client, sql, [1]))[0]?.rowCount).toBe(0);
  });

  it('prepares nothing behind a pooler', async () => {
    const { server, url: through } = await startPooler(url);
    try {
      const client = await open(through);
      const [result] = await repeat(client, 'select $1::int as pooled', [7]);
      expect(result?.rows).toEqual([{ pooled: 7 }]);
      expect(await preparedBy(client)).toEqual([]);
    } finally {
      await Promise.all(clients.splice(0).map((client) => client.end()));
      server.close();
    }
  });

  it('keeps the number of prepared statements within a bound', async () => {
    const client = await open(url);
    for (let n = 0; n < 300; n += 1)
      await Promise.all(Array.from({ length: 5 }, () => client.query(`select $1::int as n${n}`, [n])));
    expect((await preparedBy(client)).length).toBeLessThanOrEqual(200);
  });
});
