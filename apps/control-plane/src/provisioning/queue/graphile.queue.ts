import { withMigrationLock } from '@atlas/persistence';
import { Logger as NestLogger } from '@nestjs/common';
import { Logger, type Runner, run, runMigrations } from 'graphile-worker';
import { Pool } from 'pg';
import { type EntityManager } from 'typeorm';
import { type JobHandler, JobQueue } from './job-queue';

const TASK = 'advance_job';
const CONCURRENCY = 8;

/**
 * graphile-worker on Postgres: `add_job` joins our transaction and LISTEN/NOTIFY wakes a worker in milliseconds. Its
 * task is never retried and has no key: it holds nothing that our job row does not know better, and a task that a
 * killed worker leaves locked blocks nobody.
 */
export class GraphileQueue extends JobQueue {
  private readonly pool: Pool;
  private runner?: Runner;

  /** `ownerUrl`: who may make the queue's tables, when that is not the serving role. */
  constructor(
    url: string,
    private readonly ownerUrl?: string,
  ) {
    super();
    this.pool = poolFor(url, CONCURRENCY + 2);
  }

  async start(handler: JobHandler): Promise<void> {
    if (this.ownerUrl !== undefined) await this.migrateAs(this.ownerUrl);
    this.runner = await run({
      pgPool: this.pool,
      concurrency: CONCURRENCY,
      noHandleSignals: true,
      pollInterval: 5000,
      parsedCronItems: [],
      logger: quietLogger(),
      taskList: { [TASK]: (payload) => handler((payload as { job_id: string }).job_id) },
    });
    // It rejects when its connection is lost for good; the sweep still finds due jobs meanwhile.
    this.runner.promise.catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.runner?.stop().catch(() => undefined);
    await this.pool.end();
  }

  private async migrateAs(connectionString: string): Promise<void> {
    const { rows } = await this.pool.query<{ role: string }>('select quote_ident(current_user) as role');
    const owner = poolFor(connectionString, 2);
    try {
      await withMigrationLock({ driver: 'postgres', url: connectionString }, async () => {
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

/** A connection that the server ends is replaced at the next use. */
function poolFor(connectionString: string, max: number): Pool {
  const pool = new Pool({ connectionString, max, application_name: 'atlas-queue' });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * Everything in the queue's schema, for a role that owns none of it. The queue's tables have row-level security without
 * a policy, which shuts out all but their owner, so the role gets one.
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
         execute format('create policy atlas_serving on graphile_worker.%I to ${role} using (true) with check (true)', name);
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
