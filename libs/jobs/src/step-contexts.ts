import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type StepState } from './job';
import { JobHost } from './job-host';
import { type JobRow } from './job-row';
import { Jobs } from './jobs';
import { type StepContext } from './step';

/** Creates what a step is given when it runs or is undone. */
@Injectable()
export class StepContexts {
  constructor(
    private readonly jobs: Jobs,
    private readonly host: JobHost,
    private readonly clock: Clock,
  ) {}

  of(job: JobRow, state: StepState, manager: EntityManager, isStarting = false): StepContext {
    const { id: jobId, operation, params } = job;
    const outputs = Object.fromEntries(job.steps.map((step) => [step.name, step.outputs]));
    const write: StepContext['write'] = (work) =>
      this.jobs.write(job.id, async (transaction) => {
        const result = await work(transaction);
        // The job's row is locked last, as in every transaction of a job. Otherwise transactions could
        // deadlock.
        await this.jobs.hold(job, transaction);
        return result;
      });
    const context: StepContext = {
      jobId,
      operation,
      params,
      startedAt:
        state.started_at === null ? this.clock.now() : this.jobs.here(job, new Date(state.started_at)),
      sharedNow: () => this.jobs.now(job),
      here: (shared) => this.jobs.here(job, shared),
      outputs,
      isStarting,
      manager,
      write,
    };
    return this.host.contextOf(job, context);
  }
}
