import { randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { postgresPackage } from './postgres-package';

export interface LocalPostgresOptions {
  /** Kept between starts unless `isTemporary`. */
  readonly dataDir: string;
  /** For a copy of the binaries if the server's user cannot reach node_modules. Default: beside the data. */
  readonly programsDir?: string;
  readonly isTemporary?: boolean;
  /** The superuser's password. On a shared machine, pass a password that others do not know. */
  readonly password?: string;
  /** 0 or undefined for any free port. */
  readonly port?: number;
  /** Turn off only if losing the data in a crash of the machine does not matter. */
  readonly fsync?: boolean;
  /** Further settings of the server, such as `shared_buffers=1GB`. */
  readonly settings?: readonly string[];
  readonly onLog?: (line: string) => void;
}

export interface LocalPostgres {
  /** The superuser's URL for the database `postgres`. */
  readonly adminUrl: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const PASSWORD = 'local-only';

/**
 * A real Postgres server from the npm packages, on loopback. If started as root, the server runs as the
 * system user `postgres`, because Postgres refuses to run as root.
 */
export async function startLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const { dataDir, isTemporary = false, fsync = true, onLog = ignore, password = PASSWORD } = options;
  const { programsDir = `${dataDir}-programs` } = options;
  const { default: EmbeddedPostgres } = await postgresPackage(programsDir);
  endLeftover(dataDir);
  const port = options.port || (await freePort());
  const server = new EmbeddedPostgres({
    databaseDir: dataDir,
    port,
    user: 'postgres',
    password,
    persistent: !isTemporary,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--locale=C', '--encoding=UTF8', ...(fsync ? [] : ['--no-sync'])],
    postgresFlags: serverFlags(fsync, options.settings),
    onLog: (line) => onLog(String(line)),
    onError: (error) => onLog(String(error)),
  });
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    mkdirSync(dataDir, { recursive: true });
    await server.initialise();
  }
  await server.start();
  return {
    adminUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: postmasterPid(dataDir) ?? 0,
    stop: async () => {
      await server.stop();
      rmSync(programsDir, { recursive: true, force: true });
    },
  };
}

function serverFlags(fsync: boolean, more: readonly string[] = []): string[] {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', ...more];
  // Disposable data needs no slow password hash, and is removed before there is anything to vacuum. With
  // hundreds of databases, autovacuum would run several times a second.
  const hurried = ['fsync=off', 'synchronous_commit=off', 'scram_iterations=1', 'autovacuum=off'];
  return [...settings, ...(fsync ? [] : hurried)].flatMap((setting) => ['-c', setting]);
}

/** Stops a server that outlived the process that started it, before a new server uses the folder. */
function endLeftover(dataDir: string): void {
  const pid = postmasterPid(dataDir);
  if (pid === undefined || !isPostgres(pid)) return;
  process.kill(pid, 'SIGQUIT');
  waitUntilGone(pid);
}

function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Pids are reused, so the process is checked. Without /proc (not Linux), the file is trusted.
    return !existsSync('/proc') || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return false;
  }
}

function waitUntilGone(pid: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let turn = 0; turn < 100 && isPostgres(pid); turn++) Atomics.wait(pause, 0, 0, 50);
}

function postmasterPid(dataDir: string): number | undefined {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/**
 * A free port below the range that the system assigns from (32768 and up on Linux). Another process or
 * connection could take a port in that range before the caller listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', ({ code }: NodeJS.ErrnoException) =>
      code === 'EADDRINUSE' ? resolve(false) : reject(new Error(`No port can be used: ${code}`)),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const OWNER_FILE = 'started-by.pid';

/** A temporary data folder below `parent`. First removes folders whose process no longer runs. */
export function temporaryDataDir(parent: string): string {
  mkdirSync(parent, { recursive: true });
  // The server's own user must be able to access the folders below.
  chmodSync(parent, 0o755);
  for (const name of readdirSync(parent)) removeAbandoned(join(parent, name));
  const folder = join(parent, `${process.pid}-${Date.now()}`);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, OWNER_FILE), String(process.pid));
  return join(folder, 'data');
}

function removeAbandoned(folder: string): void {
  const owner = join(folder, OWNER_FILE);
  if (existsSync(owner) && isAlive(Number(readFileSync(owner, 'utf8')))) return;
  endLeftover(join(folder, 'data'));
  rmSync(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function ignore(): void {
  // The server's log is discarded unless the caller asks for it.
}
