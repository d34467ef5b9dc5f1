import { Logger as NestLogger } from '@nestjs/common';
import { Logger, type Runner, run } from 'graphile-worker';
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

  constructor(url: string) {
    super();
    this.pool = new Pool({ connectionString: url, max: CONCURRENCY + 2, application_name: 'atlas-queue' });
    // An idle connection that the server ends is replaced at the next use.
    this.pool.on('error', () => undefined);
  }

  async start(handler: JobHandler): Promise<void> {
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

  async wake(manager: EntityManager, jobId: string): Promise<void> {
    await manager.query('select graphile_worker.add_job($1, $2::json, max_attempts => 1)', [
      TASK,
      JSON.stringify({ job_id: jobId }),
    ]);
  }
}

function quietLogger(): Logger {
  const nest = new NestLogger('Queue');
  return new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') nest.warn(message);
    else nest.debug(message);
  });
}
