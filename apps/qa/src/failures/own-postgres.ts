import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type LocalPostgres,
  type TestDatabase,
  createPostgres,
  createRoles,
  startLocalPostgres,
  temporaryDataDir,
} from '@atlas/testing';

/**
 * A separate Postgres server that can be killed. Its processes are found in /proc, so this works only on
 * Linux.
 */
export class OwnPostgres {
  private readonly dataDir = temporaryDataDir(join(tmpdir(), 'atlas-chaos-postgres'));
  private constructor(private server?: LocalPostgres) {}

  static async start(): Promise<OwnPostgres> {
    const own = new OwnPostgres();
    await own.restart();
    await createRoles(own.adminUrl);
    return own;
  }

  get adminUrl(): string {
    return this.server?.adminUrl ?? '';
  }

  createDatabase(): Promise<TestDatabase> {
    return createPostgres(this.adminUrl);
  }

  /**
   * Kills the server and all its processes at once, without closing connections or finishing transactions.
   */
  kill(): void {
    const postmaster = this.server?.pid ?? 0;
    for (const pid of [postmaster, ...childrenOf(postmaster)]) process.kill(pid, 'SIGKILL');
  }

  /**
   * Restarts with the same data and port. As in production, commits are synced to disk, because a kill could
   * otherwise lose them.
   */
  async restart(): Promise<void> {
    const { dataDir, server } = this;
    this.server = await startLocalPostgres({ dataDir, port: server?.port });
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    rmSync(dirname(this.dataDir), { recursive: true, force: true });
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    // The process name is in parentheses and may contain any character, so fields are counted after the last
    // closing parenthesis (proc(5)).
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ')[1]);
  } catch {
    return undefined;
  }
}
