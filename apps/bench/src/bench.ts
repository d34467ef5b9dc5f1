import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseDriver, type TestDatabase, createPostgres } from '@atlas/testing';
import { type Cleanup } from './cleanup';
import { type PostgresServer } from './postgres-server';
import { type Report } from './report';

export interface BenchOptions {
  /** Whether to measure at the reduced size. With fewer rounds and rows, the ratios vary more. */
  readonly isQuick: boolean;
  /** The folder for CPU profiles of the measured planes. */
  readonly profileDir?: string;
  /** The folder for pictures of what was measured. */
  readonly picturesDir?: string;
}

/** What a benchmark line needs: databases, a way to report figures, and cleanup. */
export class Bench {
  constructor(
    private readonly options: BenchOptions,
    private readonly report: Report,
    private readonly server: PostgresServer,
    private readonly cleanup: Cleanup,
  ) {}

  get profileDir(): string | undefined {
    return this.options.profileDir;
  }

  size(full: number, quick: number): number {
    return this.options.isQuick ? quick : full;
  }

  fact(name: string, value: string): void {
    this.report.fact(name, value);
  }

  /** Writes a picture if the caller asked for pictures. `name` is that of the file, without `.svg`. */
  picture(name: string, draw: () => string): void {
    const { picturesDir } = this.options;
    if (picturesDir === undefined) return;
    mkdirSync(picturesDir, { recursive: true });
    writeFileSync(join(picturesDir, `${name}.svg`), draw());
  }

  /** Registers a cleanup function, which also runs on Ctrl-C. */
  defer(undo: () => unknown): void {
    this.cleanup.add(undo);
  }

  postgresUrl(): Promise<string> {
    return this.server.adminUrl();
  }

  get postgresPid(): number | undefined {
    return this.server.pid;
  }

  /** Creates an empty database, which is dropped when the line is done. */
  async createDatabase(driver: DatabaseDriver = 'postgres'): Promise<TestDatabase> {
    const database = driver === 'postgres' ? await createPostgres(await this.postgresUrl()) : createSqlite();
    this.defer(() => database.drop());
    return database;
  }
}

function createSqlite(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-bench-sqlite-'));
  const drop = async (): Promise<void> => rmSync(folder, { recursive: true, force: true });
  return { driver: 'sqlite', url: join(folder, 'bench.db'), drop };
}
