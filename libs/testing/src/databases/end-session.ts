import { once } from 'node:events';
import { type Client } from 'pg';
import { asAdmin } from './roles';
import { testServerUrl } from './test-database';

/** The part of TypeORM's QueryRunner that is needed here. */
interface Runner {
  connect(): Promise<unknown>;
}

/**
 * Makes the server terminate a transaction's session, as a restart does. Waits until the client has noticed
 * this.
 */
export async function endSession({ queryRunner }: { readonly queryRunner?: Runner }): Promise<void> {
  // @types/pg omits the process id.
  const client = (await queryRunner?.connect()) as Client & { readonly processID: number };
  const broken = once(client, 'error');
  const sql = 'select pg_terminate_backend($1)';
  await asAdmin(testServerUrl(), (admin) => admin.query(sql, [client.processID]));
  await broken;
}
