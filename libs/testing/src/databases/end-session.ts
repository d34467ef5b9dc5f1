import { once } from 'node:events';
import { type Client } from 'pg';
import { asAdmin } from './roles';
import { testServerUrl } from './test-database';

/** Like TypeORM's. */
interface Runner {
  connect(): Promise<unknown>;
}

/** Makes the server end a transaction's session, as a restart would, and waits until this process notices. */
export async function endSession({ queryRunner }: { readonly queryRunner?: Runner }): Promise<void> {
  // @types/pg omits the process id.
  const client = (await queryRunner?.connect()) as Client & { readonly processID: number };
  const broken = once(client, 'error');
  const sql = 'select pg_terminate_backend($1)';
  await asAdmin(testServerUrl(), (admin) => admin.query(sql, [client.processID]));
  await broken;
}
