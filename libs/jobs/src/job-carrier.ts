import { Database, together } from '@atlas/persistence';
import { newTraceId, runInContext } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { AtomicSteps, type Standing } from './atomic-steps';
import { FaultPoints } from './fault-points';
import { JobEndings } from './job-endings';
import { JobHost } from './job-host';
import { JobQueue } from './job-queue';
import { type JobRow } from './job-row';
import { Jobs } from './jobs';

/** How many jobs one transaction carries, so that it does not hold its locks for long. */
export const CARRIED_AT_ONCE = 20;
/** A carried step that waits longer than this for a lock is left to a worker. */
const LOCK_TIMEOUT_MS = 1000;

/** The fault point before anything is carried. If it throws, every step is left to a worker. */
const CARRY = 'carry';

/**
 * Runs the atomic steps of jobs in a transaction that is open anyway: the one that starts the job, or the one
 * that stores what the job waits for. A worker need not claim the job then. If a step fails, everything that
 * was carried is undone and left to a worker, which runs the steps one by one and records the failure.
 */
@Injectable()
export class JobCarrier {
  private readonly logger = new Logger(JobCarrier.name);

  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly atomicSteps: AtomicSteps,
    private readonly endings: JobEndings,
    private readonly host: JobHost,
    private readonly queue: JobQueue,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Inserts a new job, and wakes a worker for it unless the job already waits for something or is over.
   * Returns false if a worker runs even the first step.
   */
  async start(manager: EntityManager, job: JobRow): Promise<boolean> {
    const carried = copyOf(job);
    const walk = async (): Promise<Standing> => {
      await this.faults.reach(job.operation, CARRY, 'before');
      this.jobs.noteClock(carried, await this.database.now());
      const standing = await this.atomicSteps.run(manager, carried, true);
      await together([standing.sent, this.insert(manager, carried, standing)]);
      return standing;
    };
    const standing = this.atomicSteps.mayRun(job)
      ? await this.attempt(manager, () => this.asJob(job, walk))
      : null;
    if (standing === null) {
      await this.leave(manager, job);
      return false;
    }
    this.tellReached(carried, standing);
    return standing.done.length > 0;
  }

  private insert(manager: EntityManager, job: JobRow, standing: Standing): Promise<void> {
    if (standing.kind === 'more') return this.leave(manager, job);
    if (standing.kind === 'wait') return this.jobs.insertWaiting(manager, job, standing.until);
    return this.endings.end(manager, job, 'succeeded', (ending) =>
      this.jobs.insert(manager, { ...job, ...ending }),
    );
  }

  /**
   * Advances jobs that wait, and whose rows and subjects this transaction has locked. Returns those that
   * need a worker.
   */
  async resume(manager: EntityManager, jobs: readonly JobRow[]): Promise<readonly JobRow[]> {
    const able = jobs.filter((job) => job.status === 'waiting' && this.atomicSteps.mayRun(job));
    const taken = able.slice(0, CARRIED_AT_ONCE);
    if (taken.length === 0) return jobs;
    const walked = await this.attempt(manager, () =>
      together(taken.map((job) => this.asJob(job, () => this.walk(manager, job)))),
    );
    if (walked === null) return jobs;
    const left = walked.filter(({ standing }) => standing.kind === 'more').map(({ job }) => job);
    return [...left, ...jobs.filter((job) => !taken.includes(job))];
  }

  private async walk(manager: EntityManager, woken: JobRow) {
    const job = copyOf(woken);
    await this.faults.reach(job.operation, CARRY, 'before');
    this.jobs.noteClock(job, await this.database.now());
    const standing = await this.atomicSteps.run(manager, job);
    await together([standing.sent, this.save(manager, job, standing)]);
    this.tellReached(job, standing);
    return { job: woken, standing };
  }

  private save(manager: EntityManager, job: JobRow, standing: Standing): Promise<void> {
    if (standing.kind === 'more')
      return this.jobs.saveFree(manager, job, { steps: job.steps, error: job.error });
    if (standing.kind === 'wait') return this.jobs.wait(manager, job, standing.until);
    return this.endings.end(manager, job, 'succeeded', (ending) => this.jobs.saveFree(manager, job, ending));
  }

  /** The audit trail and the log must not name whoever sent the request or the report. */
  private asJob<T>(job: JobRow, work: () => Promise<T>): Promise<T> {
    return runInContext({ traceId: newTraceId(), jobId: job.id, ...this.host.logContextOf(job) }, work);
  }

  private async leave(manager: EntityManager, job: JobRow): Promise<void> {
    await together([this.jobs.insert(manager, job), this.queue.wake(manager, job.id)]);
  }

  /** Resolves to null, and undoes what `work` has written, if it fails. */
  private async attempt<T>(manager: EntityManager, work: () => Promise<T>): Promise<T | null> {
    const limit = this.database.driver === 'postgres' ? `; set local lock_timeout = ${LOCK_TIMEOUT_MS}` : '';
    try {
      const [, result] = await together([manager.query(`savepoint carried${limit}`), work()]);
      return result;
    } catch (error) {
      this.logger.debug(`A worker continues: ${(error as Error).message}`);
      await manager.query('rollback to savepoint carried');
      return null;
    }
  }

  private tellReached({ operation }: JobRow, { done }: Standing): void {
    for (const step of done)
      this.database.afterCommit(() => {
        this.faults.reach(operation, step, 'after-record').catch((error: Error) => this.logger.warn(error));
      });
  }
}

/** The steps of the copy may change. */
function copyOf<J extends JobRow>(job: J): J {
  return { ...job, steps: structuredClone(job.steps) };
}
