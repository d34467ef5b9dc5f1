import { hostname } from 'node:os';
import { Database } from '@atlas/persistence';
import {
  Clock,
  CommitOutcomeUnknown,
  type RequestContext,
  databaseFailure,
  newTraceId,
  runInContext,
} from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { AtomicSteps, type Standing } from './atomic-steps';
import { FaultPoints } from './fault-points';
import { type FailureClass, type StepState } from './job';
import { type EndingStatus, JobEndings } from './job-endings';
import { JobHost } from './job-host';
import { type JobRow } from './job-row';
import { Jobs, LEASE_MS, LeaseLost } from './jobs';
import { MAX_ATTEMPTS, nextAttemptAt } from './retry-policy';
import { type Step, StepFailure, type StepResult } from './step';
import { StepContexts } from './step-contexts';
import { nextOf, noteBack, noteDone, noteWait, requireTimeLeft, stepsKept } from './step-records';
import { StepRegistry } from './step-registry';

type Turn = 'again' | 'stop';

type MakeRoom = () => Promise<boolean>;

/** Runs a job as the holder of its lease. */
@Injectable()
export class JobRunner {
  private readonly owner = `${hostname()}:${process.pid}:${uuidv7()}`;
  private readonly logger = new Logger(JobRunner.name);

  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly steps: StepRegistry,
    private readonly host: JobHost,
    private readonly faults: FaultPoints,
    private readonly atomicSteps: AtomicSteps,
    private readonly contexts: StepContexts,
    private readonly endings: JobEndings,
    private readonly clock: Clock,
  ) {}

  /**
   * Advances a job as far as possible. Safe to call at any time and any number of times. Calls `makeRoom`
   * before a long step, and releases the job if the call returns false.
   */
  async advance(jobId: string, makeRoom: MakeRoom = () => Promise.resolve(true)): Promise<void> {
    // A new context, because the job's logs must not name the request that woke the job.
    const context: RequestContext = { traceId: newTraceId(), jobId };
    await runInContext(context, async () => {
      const job = await this.jobs.claim(jobId, this.owner);
      if (!job) return;
      Object.assign(context, this.host.logContextOf(job));
      await this.hold(job, makeRoom);
    });
  }

  /** Renews the lease while the job runs. */
  private async hold(job: JobRow, makeRoom: MakeRoom): Promise<void> {
    const renewal = setInterval(() => this.jobs.renew(job).catch(() => undefined), LEASE_MS / 3);
    try {
      await this.walk(job, makeRoom);
    } catch (error) {
      if (!(error instanceof LeaseLost) && (await this.isGivenBack(job))) throw error;
      this.logger.warn(`This worker no longer holds job ${job.id}, so it stops: ${messageOf(error)}`);
    } finally {
      clearInterval(renewal);
    }
  }

  /**
   * Releases the job, so that other workers can claim it before its lease expires. False if this worker no
   * longer holds the job.
   */
  private isGivenBack(job: JobRow): Promise<boolean> {
    return this.jobs.giveBack(job).catch(() => true);
  }

  private async walk(job: JobRow, makeRoom: MakeRoom): Promise<void> {
    let turn: Turn = 'again';
    let isCombining = true;
    while (turn === 'again') {
      if (isCombining && this.atomicSteps.mayCombine(job)) {
        const combined = await this.forwardTogether(job);
        // The steps then run one by one, so that the failure is recorded for the step that failed.
        isCombining = combined !== 'failed';
        if (combined !== 'failed') turn = combined;
        continue;
      }
      const state = nextOf(job);
      if (state && this.takesLong(job, state)) {
        if (!(await makeRoom())) {
          await this.jobs.giveBack(job);
          return;
        }
        // The lease may have been lost while the job waited for a slot.
        await this.jobs.renew(job);
      }
      turn = job.direction === 'run' ? await this.forward(job, state) : await this.back(job, state);
    }
  }

  private takesLong(job: JobRow, state: StepState): boolean {
    const { takesLong } = this.steps.get(state.name);
    return takesLong.includes(job.direction) && (job.direction === 'run' || wasTouched(job, state));
  }

  /** Runs consecutive atomic steps, and records all of them or none. */
  private async forwardTogether(job: JobRow): Promise<Turn | 'failed'> {
    const restore = stepsKept(job);
    try {
      const { turn, done } = await this.jobs.write(job.id, async (manager) => {
        // Postgres may have aborted an earlier try because of a deadlock.
        restore();
        const standing = await this.atomicSteps.run(manager, job);
        await standing.sent;
        return { turn: await this.recordStanding(manager, job, standing), done: standing.done };
      });
      for (const step of done) await this.faults.reach(job.operation, step, 'after-record');
      return turn;
    } catch (error) {
      if (mustReload(error)) throw error;
      restore();
      return 'failed';
    }
  }

  private async recordStanding(manager: EntityManager, job: JobRow, standing: Standing): Promise<Turn> {
    if (standing.kind === 'ended') {
      await this.close(manager, job, 'succeeded');
      return 'stop';
    }
    if (standing.kind === 'wait' && (await this.jobs.releaseUnlessWoken(job, standing.until, manager)))
      return 'stop';
    await this.jobs.save(job, { steps: job.steps, error: null }, manager);
    return 'again';
  }

  private async forward(job: JobRow, state: StepState | undefined): Promise<Turn> {
    if (!state) return this.finish(job, 'succeeded');
    const step = this.steps.get(state.name);
    try {
      await this.faults.reach(job.operation, step.name, 'before');
      const isLast = state === job.steps.at(-1);
      const lookedAt = this.clock.now();
      const result = await this.attempt(job, step, state, isLast);
      if (result.kind === 'wait') return await this.waitFor(job, state, result, lookedAt);
      await this.faults.reach(job.operation, step.name, 'after-record');
      return isLast && result.kind === 'done' ? 'stop' : 'again';
    } catch (error) {
      if (mustReload(error)) throw error;
      return this.fail(job, state, error);
    }
  }

  /** Runs the step and records the result, in one transaction if the step is atomic. */
  private async attempt(job: JobRow, step: Step, state: StepState, isLast: boolean): Promise<StepResult> {
    const run = async (manager: EntityManager): Promise<StepResult> => {
      const result = await step.run(this.contexts.of(job, state, manager));
      if (result.kind === 'done') await result.sent;
      await this.faults.reach(job.operation, step.name, 'after-effect');
      return result;
    };
    const record = async (manager: EntityManager, result: StepResult): Promise<void> => {
      if (result.kind === 'done') await this.recordDone(manager, job, state, result, isLast);
      if (result.kind === 'back') await this.recordBack(manager, job, result.to);
    };
    const restore = stepsKept(job);
    try {
      if (!step.isAtomic) {
        const result = await this.jobs.read(job.id, run);
        await this.jobs.write(job.id, (manager) => record(manager, result));
        return result;
      }
      return await this.jobs.write(job.id, async (manager) => {
        // Postgres may have aborted an earlier try because of a deadlock.
        restore();
        const result = await run(manager);
        await record(manager, result);
        return result;
      });
    } catch (error) {
      restore();
      throw error;
    }
  }

  private async recordDone(
    manager: EntityManager,
    job: JobRow,
    state: StepState,
    result: Extract<StepResult, { kind: 'done' }>,
    isLast: boolean,
  ): Promise<void> {
    noteDone(job, state, result, this.jobs.now(job));
    if (isLast) await this.close(manager, job, 'succeeded');
    else await this.jobs.save(job, { steps: job.steps, error: null }, manager);
  }

  private async recordBack(manager: EntityManager, job: JobRow, to: string): Promise<void> {
    noteBack(job, to, this.jobs.now(job));
    await this.jobs.save(job, { steps: job.steps, error: null }, manager);
  }

  private async waitFor(
    job: JobRow,
    state: StepState,
    result: Extract<StepResult, { kind: 'wait' }>,
    lookedAt: Date,
  ): Promise<Turn> {
    requireTimeLeft(result, lookedAt);
    noteWait(state, result.for, this.jobs.now(job));
    const released = await this.jobs.releaseUnlessWoken(job, result.until);
    return released ? 'stop' : 'again';
  }

  private async fail(job: JobRow, state: StepState, error: unknown): Promise<Turn> {
    const thrown =
      error instanceof StepFailure ? error : new StepFailure('retry', 'unexpected_error', messageOf(error));
    thrown.message = await this.host.redact(job, thrown.message);
    if (thrown !== error) {
      const stack = await this.host.redact(job, String((error as Error).stack));
      this.logger.error({ msg: thrown.message, stack });
    }
    const isOutage = databaseFailure(error) !== null;
    const { attempt, retryAt } = this.nextAttempt(job, state, {
      failureClass: thrown.failureClass,
      isOutage,
    });
    const failure = retryAt === null && this.mustUndo(job) ? asFatal(thrown) : thrown;
    const { code, message: detail, failureClass } = failure;
    const fix = failure.fix && (await this.host.redact(job, failure.fix));
    const told = { code, detail, class: failureClass, fix };
    Object.assign(state, { attempt, error: told, waiting_for: null });
    if (retryAt) {
      Object.assign(state, { status: 'waiting', attempt: attempt + 1 });
      // If the job was woken in the meantime, it is retried at once, because whatever it lacked may exist by
      // now.
      const released = await this.jobs.releaseUnlessWoken(job, retryAt);
      return released ? 'stop' : 'again';
    }
    state.status = 'failed';
    job.error = state.error;
    if (failureClass === 'fatal' && job.direction === 'run') {
      job.direction = 'undo';
      await this.jobs.save(job, { steps: job.steps, direction: 'undo', error: job.error });
      return 'again';
    }
    return this.finish(job, 'failed');
  }

  /** Whether a job that cannot go on must not simply stop. */
  private mustUndo(job: JobRow): boolean {
    return this.host.pauseOf(job) !== null || (job.direction === 'run' && this.host.undoesFailed(job));
  }

  /** The number of attempts so far, and when the next attempt is due (null if there is no next attempt). */
  private nextAttempt(
    job: JobRow,
    state: StepState,
    { failureClass, isOutage }: { readonly failureClass: FailureClass; readonly isOutage: boolean },
  ): { readonly attempt: number; readonly retryAt: Date | null } {
    const pause = this.host.pauseOf(job);
    const isThawing = pause !== null && job.direction === 'undo';
    // A database outage does not count as an attempt and never fails the job on its own. Nor does a failure
    // while undoing a job that has paused a tenant's writes, since nothing else would resume the writes.
    const most = isOutage || isThawing ? MAX_ATTEMPTS - 1 : MAX_ATTEMPTS;
    const attempt = Math.min(Math.max(state.attempt, 1), most);
    if (failureClass !== 'retry' && !isThawing) return { attempt, retryAt: null };
    const retryAt = nextAttemptAt(this.clock.now(), attempt);
    const isTooLate = retryAt !== null && pause?.until && retryAt > this.jobs.here(job, pause.until);
    return { attempt, retryAt: isTooLate ? null : retryAt };
  }

  /** Undoes the last step that is not undone yet. */
  private async back(job: JobRow, state: StepState | undefined): Promise<Turn> {
    if (!state) return this.finish(job, 'cancelled');
    const begunAt = this.jobs.now(job).toISOString();
    try {
      await this.undo(job, state, begunAt);
      return 'again';
    } catch (error) {
      if (mustReload(error)) throw error;
      Object.assign(state, { started_at: begunAt, finished_at: null });
      return this.fail(job, state, error);
    }
  }

  private async undo(job: JobRow, state: StepState, begunAt: string): Promise<void> {
    const isTouched = wasTouched(job, state);
    const step = this.steps.get(state.name);
    const undo = (manager: EntityManager): Promise<void> => step.undo(this.contexts.of(job, state, manager));
    if (isTouched && !step.isAtomic) await this.jobs.read(job.id, undo);
    await this.jobs.write(job.id, async (manager) => {
      if (isTouched && step.isAtomic) await undo(manager);
      await this.recordUndone(
        manager,
        job,
        state,
        isTouched ? { status: 'undone', started_at: begunAt } : { status: 'skipped', started_at: null },
      );
    });
  }

  private async recordUndone(
    manager: EntityManager,
    job: JobRow,
    state: StepState,
    outcome: Pick<StepState, 'status' | 'started_at'>,
  ): Promise<void> {
    const undone: StepState = {
      ...state,
      ...outcome,
      finished_at: this.jobs.now(job).toISOString(),
      error: null,
    };
    const steps = job.steps.map((step) => (step === state ? undone : step));
    await this.jobs.save(job, { steps }, manager);
    this.database.afterCommit(() => (job.steps = steps));
  }

  private async finish(job: JobRow, status: EndingStatus): Promise<Turn> {
    await this.jobs.write(job.id, (manager) => this.close(manager, job, status));
    return 'stop';
  }

  private close(manager: EntityManager, job: JobRow, status: EndingStatus): Promise<void> {
    return this.endings.end(manager, job, status, (ending) => this.jobs.save(job, ending, manager));
  }
}

/**
 * Whether this copy of the job may differ from what is stored. Saving the copy could then revert a step that
 * is recorded as done, so the next worker that claims the job reads the job again.
 */
function mustReload(error: unknown): boolean {
  return error instanceof LeaseLost || error instanceof CommitOutcomeUnknown;
}

/** Makes a failure fatal, so that the job is undone instead of stopping. */
function asFatal({ failureClass, code, message, fix }: StepFailure): StepFailure {
  if (failureClass === 'retry') return new StepFailure('fatal', code, message);
  return new StepFailure('fatal', code, message, fix);
}

/**
 * Whether the step may have had an effect. The request that created the job may already have done what the
 * first step does.
 */
function wasTouched({ steps }: JobRow, state: StepState): boolean {
  return state.status !== 'pending' || state === steps[0];
}

/** Explains a refused connection in plain words. */
function messageOf(error: unknown): string {
  // If a host name has several addresses, Node has one error for each, and no message for all.
  if (error instanceof AggregateError && error.message === '')
    return [...new Set(error.errors.map(messageOf))].join(' ');
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^connect ECONNREFUSED (\S+)$/, 'Nothing listens at $1.');
}
