import { setTimeout as delay } from 'node:timers/promises';
import { NOTICING_SILENCE, PostgresClient, withMigrationLock } from '@atlas/persistence';
import { type Secret } from '@atlas/platform';
import { Logger as NestLogger } from '@nestjs/common';
import { Logger, type Runner, run, runMigrations } from 'graphile-worker';
import { Pool } from 'pg';
import { type EntityManager } from 'typeorm';
import { type JobHandler, JobQueue } from './job-queue';

const TASK = 'advance_job';
const CONCURRENCY = 8;
/**
 * graphile-worker does not await individual completions, so losing the
 * server would crash this process. It does await completions in batches.
 */
const AWAITED = { completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const RESTART_MS = 1000;

/**
 * Uses graphile-worker on Postgres. `add_job` is part of the caller's transaction, and LISTEN/NOTIFY wakes a
 * worker within milliseconds. Tasks are never retried and have no key, because the job's row contains the
 * whole state. A task that a killed worker left locked therefore blocks no job.
 */
export class GraphileQueue extends JobQueue {
  private readonly pool: Pool;
  private readonly ending = new AbortController();
  private runner?: Runner;
  private kept?: Promise<void>;

  /**
   * `ownerUrl`: the URL with the role that creates the queue's tables, if the serving role is not allowed to.
   */
  constructor(
    url: Secret,
    private readonly ownerUrl?: Secret,
  ) {
    super();
    this.pool = poolFor(url, CONCURRENCY + 2);
  }

  async start(handler: JobHandler): Promise<void> {
    if (this.ownerUrl !== undefined) await this.migrateAs(this.ownerUrl);
    this.runner = await this.run(handler);
    this.kept = this.keepRunning(handler);
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.endRunner();
    await this.kept;
    // A replacement may have started while the first runner was stopping.
    await this.endRunner();
    await this.pool.end();
  }

  /** Replaces a runner that stopped because it lost the server while running a task. */
  private async keepRunning(handler: JobHandler): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await this.runner?.promise.catch(() => undefined);
      await delay(RESTART_MS, undefined, { signal }).catch(() => undefined);
      // If the server is still down, the next iteration tries again. Until then, the sweep fails as well.
      if (!signal.aborted) this.runner = await this.run(handler).catch(() => undefined);
    }
  }

  private run(handler: JobHandler): Promise<Runner> {
    return run({
      pgPool: this.pool,
      concurrency: CONCURRENCY,
      noHandleSignals: true,
      preset: { worker: AWAITED },
      pollInterval: 5000,
      parsedCronItems: [],
      logger: quietLogger(),
      taskList: { [TASK]: (payload) => handler((payload as { job_id: string }).job_id) },
    });
  }

  private async endRunner(): Promise<void> {
    await this.runner?.stop().catch(() => undefined);
  }

  private async migrateAs(url: Secret): Promise<void> {
    const { rows } = await this.pool.query<{ role: string }>('select quote_ident(current_user) as role');
    const owner = poolFor(url, 2);
    try {
      await withMigrationLock({ driver: 'postgres', url }, async () => {
        await runMigrations({ pgPool: owner, logger: quietLogger() });
        for (const statement of grants(rows[0]?.role ?? '')) await owner.query(statement);
      });
    } finally {
      await owner.end();
    }
  }

  async wake(manager: EntityManager, jobId: string): Promise<void> {
    await manager.query('select graphile_worker.add_job($1, $2::json, max_attempts => 1)', [
      TASK,
      JSON.stringify({ job_id: jobId }),
    ]);
  }
}

/** If the server closes a connection, the next use opens a new connection. */
function poolFor(url: Secret, max: number): Pool {
  const connection = { connectionString: url.reveal(), application_name: 'atlas-queue', ...NOTICING_SILENCE };
  const pool = new Pool({ ...connection, max, Client: PostgresClient });
  pool.on('error', () => undefined);
  // Without a listener, losing the connection of a client in use would stop the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * Gives a role that does not own the queue's schema full access to it. The queue's tables have row-level
 * security but no policy, so only their owner has access. The role therefore gets a policy.
 */
function grants(role: string): string[] {
  const all = 'on all';
  return [
    `grant usage on schema graphile_worker to ${role}`,
    `grant select, insert, update, delete ${all} tables in schema graphile_worker to ${role}`,
    `grant usage, select ${all} sequences in schema graphile_worker to ${role}`,
    `grant execute ${all} functions in schema graphile_worker to ${role}`,
    `do $$ declare name text; begin
       for name in select tablename from pg_tables where schemaname = 'graphile_worker' and rowsecurity loop
         execute format('drop policy if exists atlas_serving on graphile_worker.%I', name);
         execute format('create policy atlas_serving on graphile_worker.%I to ${role} using (true)
           with check (true)', name);
       end loop; end $$`,
  ];
}

function quietLogger(): Logger {
  const nest = new NestLogger('Queue');
  return new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') nest.warn(message);
    else nest.debug(message);
  });
}
