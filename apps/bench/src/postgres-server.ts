import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type LocalPostgres, createRoles, startLocalPostgres, temporaryDataDir } from '@atlas/testing';
import { type Cleanup } from './cleanup';

/**
 * As much as a server's administrator would give it. With Postgres' default of 128 MB, a line with a million
 * rows would measure how fast the machine reads files.
 */
const SETTINGS = ['shared_buffers=1GB'];

/**
 * One Postgres server for the whole run, started by the first line that needs it. fsync is on, so commits
 * have their real cost.
 */
export class PostgresServer {
  private started?: Promise<LocalPostgres>;
  /** The server's pid, once it has started. */
  pid?: number;

  constructor(private readonly cleanup: Cleanup) {}

  async adminUrl(): Promise<string> {
    this.started ??= this.start();
    return (await this.started).adminUrl;
  }

  private async start(): Promise<LocalPostgres> {
    const dataDir = temporaryDataDir(join(tmpdir(), 'atlas-bench-postgres'));
    this.cleanup.add(() => rmSync(dirname(dataDir), { recursive: true, force: true }));
    const server = await startLocalPostgres({ dataDir, isTemporary: true, fsync: true, settings: SETTINGS });
    this.cleanup.add(() => server.stop());
    this.pid = server.pid;
    await createRoles(server.adminUrl);
    return server;
  }
}
