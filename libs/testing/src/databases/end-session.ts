import { once } from 'node:events';
import { type Client } from 'pg';
import { asAdmin } from './roles';
import { testServerUrl } from './test-database';

/** As TypeORM's. */
interface Runner {
  connect(): Promise<unknown>;
}

/** Has the server end the session of a transaction, as one does that restarts, and waits until this process knows. */
export async function endSession({ queryRunner }: { readonly queryRunner?: Runner }): Promise<void> {
  // @types/pg leave the process id out.
  const client = (await queryRunner?.connect()) as Client & { readonly processID: number };
  const broken = once(client, 'error');
  const sql = 'select pg_terminate_backend($1)';
  await asAdmin(testServerUrl(), (admin) => admin.query(sql, [client.processID]));
  await broken;
}
