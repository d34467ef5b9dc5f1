import { LIVE_JOB_STATUSES, topicOf } from '@atlas/jobs';
import { Signals, Wakes } from '@atlas/persistence';
import { Injectable, type MessageEvent } from '@nestjs/common';
import { type ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../provisioning-jobs/provisioning-jobs';
import { JobViews } from './job-views';
import { stepView } from './job.view';

/**
 * Signals may be lost, so the job is also polled at this interval. Keep-alives are sent at the same interval.
 */
const LOOK_AGAIN_SECONDS = 10;

/** The type of a message that is not an event. Such messages keep proxies from closing an idle stream. */
export const KEEP_ALIVE = 'keep-alive';

/** Streams a job's progress. */
@Injectable()
export class JobEvents {
  constructor(
    private readonly jobs: ProvisioningJobs,
    private readonly views: JobViews,
    private readonly signals: Signals,
  ) {}

  /**
   * Yields a `step` event for each step's current state and for
   * every later change, then a `done` event with the whole job.
   */
  async *of(jobId: string, ended: AbortSignal): AsyncGenerator<MessageEvent> {
    const sent = new Map<string, string>();
    while (!ended.aborted) {
      // Subscribe before reading, so that no change is missed.
      const wakes = new Wakes(this.signals, topicOf(jobId), LOOK_AGAIN_SECONDS, ended);
      try {
        const job = await this.jobs.find(jobId);
        if (!job) return;
        yield* changedSteps(job, sent);
        if (!LIVE_JOB_STATUSES.includes(job.status)) {
          yield { type: 'done', data: await this.views.of(job) };
          return;
        }
        if (!(await wakes.next()) && !ended.aborted) yield { type: KEEP_ALIVE, data: '' };
      } finally {
        wakes.stop();
      }
    }
  }
}

function* changedSteps(job: ProvisioningJob, sent: Map<string, string>): Generator<MessageEvent> {
  for (const step of job.steps) {
    const view = stepView(step);
    const text = JSON.stringify(view);
    if (sent.get(step.name) === text) continue;
    sent.set(step.name, text);
    yield { type: 'step', data: { job_id: job.id, ...view } };
  }
}
