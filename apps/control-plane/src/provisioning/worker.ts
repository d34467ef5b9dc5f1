import { Clock } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Chores } from './chores';
import { JobRunner } from './job-runner';
import { Jobs } from './jobs.repository';
import { JobQueue } from './queue/job-queue';

const SWEEP_MS = 5000;
const DUE_AT_ONCE = 50;

/** Works on jobs when woken, and every 5 s on those that nobody was woken for. */
@Injectable()
export class Worker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Worker.name);
  private timer?: NodeJS.Timeout;
  private sweeping: Promise<void> = Promise.resolve();
  private lastSweepAt: Date;

  constructor(
    private readonly queue: JobQueue,
    private readonly runner: JobRunner,
    private readonly jobs: Jobs,
    private readonly chores: Chores,
    private readonly clock: Clock,
  ) {
    this.lastSweepAt = clock.now();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.takeOverFromPredecessor();
    await this.queue.start((jobId) => this.advance(jobId));
    // What was due while no process ran does not wait for the first round.
    this.sweeping = this.sweep();
    this.timer = setInterval(() => (this.sweeping = this.sweeping.then(() => this.sweep())), SWEEP_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
    await this.queue.stop();
  }

  /** One round: due jobs, lost signals, and the small chores. */
  async sweep(): Promise<void> {
    const since = this.lastSweepAt;
    this.lastSweepAt = this.clock.now();
    try {
      const due = await this.jobs.due(DUE_AT_ONCE);
      await Promise.all([...due.map((jobId) => this.advance(jobId)), this.chores.run(since)]);
    } catch (error) {
      this.logger.warn(`A sweep failed and is repeated: ${(error as Error).message}`);
    }
  }

  /** An attempt that fails is not lost: the sweep comes back to the job. */
  private async advance(jobId: string): Promise<void> {
    try {
      await this.runner.advance(jobId);
    } catch (error) {
      this.logger.error(error);
    }
  }
}
