import { together } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { FaultPoints } from './fault-points';
import { JobHost } from './job-host';
import { type JobRow } from './job-row';
import { Jobs } from './jobs';
import { StepContexts } from './step-contexts';
import { nextOf, noteBack, noteDone, noteWait, requireTimeLeft } from './step-records';
import { StepRegistry } from './step-registry';

/** Where a job stands when no further step runs in the same transaction. */
export type Standing = {
  readonly done: readonly string[];
  /** Writes of these steps that must succeed before the steps are recorded. */
  readonly sent: Promise<unknown>;
} & (
  | { readonly kind: 'ended' }
  /** The next step needs a transaction of its own. */
  | { readonly kind: 'more' }
  /** `until` is on this process's clock. */
  | { readonly kind: 'wait'; readonly until: Date }
);

/** Runs consecutive atomic steps of a job in one transaction. */
@Injectable()
export class AtomicSteps {
  constructor(
    private readonly jobs: Jobs,
    private readonly steps: StepRegistry,
    private readonly host: JobHost,
    private readonly faults: FaultPoints,
    private readonly contexts: StepContexts,
    private readonly clock: Clock,
  ) {}

  /** Whether the job's next two steps may share a transaction. A step that has just failed runs alone. */
  mayCombine(job: JobRow): boolean {
    const [next, second] = job.steps.filter(({ status }) => status !== 'done');
    if (!next || !second || next.error !== null) return false;
    return this.mayRun(job) && [next, second].every(({ name }) => this.steps.get(name).isAtomic);
  }

  /** Whether the job's atomic steps may run in a transaction that is not a worker's. */
  mayRun(job: JobRow): boolean {
    return job.direction === 'run' && this.host.combinesSteps(job);
  }

  /**
   * Notes the results in this copy of the job only. The caller stores the copy in the same transaction. If
   * this throws, the caller undoes the transaction's writes and no longer uses the copy.
   */
  async run(manager: EntityManager, job: JobRow, isStarting = false): Promise<Standing> {
    const done: string[] = [];
    const writes: Promise<unknown>[] = [];
    const reached = (): Pick<Standing, 'done' | 'sent'> => ({ done, sent: together(writes) });
    for (let state = nextOf(job); state; state = nextOf(job)) {
      const step = this.steps.get(state.name);
      if (!step.isAtomic) return { kind: 'more', ...reached() };
      await this.faults.reach(job.operation, step.name, 'before');
      const lookedAt = this.clock.now();
      const context = this.contexts.of(job, state, manager, isStarting);
      const result = (done.length > 0 && step.rightAfter(context)) || (await step.run(context));
      await this.faults.reach(job.operation, step.name, 'after-effect');
      const now = this.jobs.now(job);
      if (result.kind === 'wait') {
        requireTimeLeft(result, lookedAt);
        noteWait(state, result.for, now);
        return { kind: 'wait', until: result.until, ...reached() };
      }
      if (result.kind === 'back') {
        noteBack(job, result.to, now);
        return { kind: 'more', ...reached() };
      }
      noteDone(job, state, result, now);
      if (result.sent) writes.push(result.sent);
      done.push(step.name);
    }
    return { kind: 'ended', ...reached() };
  }
}
