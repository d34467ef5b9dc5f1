import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type PostgresAnswer, type PostgresOrder } from '../src/stack/postgres-server';

jest.setTimeout(60_000);

const SCRIPT = join(__dirname, '../../../dist/apps/cli/stack/postgres-server.js');
/** A device on which every write fails, as on a full disk. It exists only on Linux. */
const FULL = '/dev/full';

describe('the process that keeps the local Postgres running', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-keeper-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  (existsSync(FULL) ? it : it.skip)('keeps running while its log cannot be written', async () => {
    const keeper = spawn(process.execPath, [SCRIPT], {
      stdio: ['ignore', openSync(FULL, 'w'), 'inherit', 'ipc'],
      detached: true,
    });
    const exited = once(keeper, 'exit');
    try {
      const planes = { controlPlane: 'cp', tenantPlaneOwner: 'owner', tenantPlaneApp: 'app' };
      const order: PostgresOrder = {
        dataDir: join(folder, 'data'),
        passwords: { superuser: 'super', ...planes },
      };
      keeper.send(order);
      const answered = once(keeper, 'message') as Promise<[PostgresAnswer]>;
      const [answer] = await Promise.race([answered, exited.then(([code]) => [{ problem: `exit ${code}` }])]);
      const ask = async (password: string): Promise<unknown> => {
        const port = 'port' in answer ? answer.port : 0;
        const client = new Client({
          host: '127.0.0.1',
          port,
          user: 'postgres',
          password,
          database: 'postgres',
        });
        await client.connect();
        const { rows } = await client.query('select 1 as one');
        await client.end();
        return rows;
      };
      // The server logs this failure.
      await expect(ask('wrong')).rejects.toThrow('password authentication failed');
      await expect(ask('super')).resolves.toEqual([{ one: 1 }]);
    } finally {
      keeper.kill('SIGTERM');
      await exited;
    }
  });
});
