import { once } from 'node:events';
import { type AddressInfo, type Server, Socket, createServer } from 'node:net';
import { Secret } from '@atlas/platform';
import { type TestDatabase, createTestDatabase } from '@atlas/testing';
import { type Database } from '../src/database/database';
import { databaseTarget } from '../src/connection/database-target';
import { examineDatabase } from '../src/opening/examine-database';
import { openDatabase } from '../src/opening/open-database';
import { PostgresSignals } from '../src/postgres/signals';
import { NOTES_SCHEMA } from './notes.fixture';

/**
 * AuthenticationOk and ReadyForQuery (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
const WELCOME = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I', 'latin1');
const MAX_MS = 15_000;

/** Never used, because nothing is published. */
const unused = {} as Database;

describe('a Postgres server that does not respond', () => {
  let server: Server;
  const open = new Set<Socket>();
  const listening: PostgresSignals[] = [];
  /** Whether the server authenticates clients before it stops responding. */
  let isWelcoming: boolean;
  let url: string;
  beforeAll(async () => {
    server = createServer((client) => {
      open.add(client.on('error', () => undefined));
      client.on('data', () => isWelcoming && client.bytesWritten === 0 && client.write(WELCOME));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `postgres://atlas@127.0.0.1:${(server.address() as AddressInfo).port}/atlas`;
  });
  afterAll(async () => {
    const stopped = listening.map((signals) => signals.stop());
    for (const client of open) client.destroy();
    await Promise.all(stopped);
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['at all', false],
    ['after authenticating a client', true],
  ])(
    'makes a signal listener time out (no response %s)',
    async (_, welcomes) => {
      isWelcoming = welcomes;
      const signals = new PostgresSignals(unused, new Secret(url));
      listening.push(signals);
      await expect(signals.start()).rejects.toThrow(/time/);
    },
    MAX_MS,
  );

  it(
    'is reported as unreachable by examineDatabase',
    async () => {
      isWelcoming = true;
      expect(await examineDatabase(databaseTarget(url), [], NOTES_SCHEMA)).toMatchObject({
        fault: 'unreachable',
      });
    },
    MAX_MS,
  );
});

describe('a long-lived connection to Postgres', () => {
  let test: TestDatabase;
  beforeAll(async () => (test = await createTestDatabase('postgres')));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.drop());

  it('uses TCP keep-alive, so that its loss is detected', async () => {
    const keepAlive = jest.spyOn(Socket.prototype, 'setKeepAlive');
    const database = await openDatabase({ target: databaseTarget(test.url), schema: NOTES_SCHEMA });
    expect(keepAlive.mock.calls).toEqual([[true, 10_000]]);
    const signals = new PostgresSignals(database, new Secret(test.url));
    await signals.start();
    expect(keepAlive.mock.calls).toEqual([
      [true, 10_000],
      [true, 10_000],
    ]);
    await signals.stop();
    await database.close();
  });
});
