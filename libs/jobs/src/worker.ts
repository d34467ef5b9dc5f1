import { Clock } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Attempts } from './attempts';
import { Chores } from './chores';
import { JobQueue } from './job-queue';
import { Jobs } from './jobs';
import { Rounds } from './rounds';

const DUE_AT_ONCE = 50;

/** Runs each job when it is woken and, every 5 s, the jobs whose wake-up was lost. */
@Injectable()
export class Worker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Worker.name);
  /** Separate rounds, so that jobs and chores never delay each other. */
  private readonly rounds = [new Rounds(() => this.beginDue()), new Rounds(() => this.doChores())];
  private lastChoresAt: Date;

  constructor(
    private readonly queue: JobQueue,
    private readonly attempts: Attempts,
    private readonly jobs: Jobs,
    private readonly chores: Chores,
    private readonly clock: Clock,
  ) {
    this.lastChoresAt = clock.now();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.takeOverFromPredecessor();
    await this.queue.start((jobId) => this.attempts.begin(jobId));
    // The first round starts at once, for jobs that became due while no process was running.
    for (const rounds of this.rounds) rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    // The queue stops first, because a wake-up that it accepted now would never reach another process.
    const stopped = this.queue.stop();
    this.attempts.end();
    await Promise.all([stopped, this.stopSweeping()]);
    await this.attempts.idle();
  }

  async stopSweeping(): Promise<void> {
    await Promise.all(this.rounds.map((rounds) => rounds.stop()));
  }

  /** Runs one round of jobs and chores. Resolves when the due jobs have started and the chores are done. */
  async sweep(): Promise<void> {
    await Promise.all([this.beginDue(), this.doChores()]);
  }

  private beginDue(): Promise<void> {
    return this.logged(async () => {
      for (const jobId of await this.jobs.due(DUE_AT_ONCE)) void this.attempts.begin(jobId);
    });
  }

  private doChores(): Promise<void> {
    return this.logged(async () => {
      const begunAt = this.clock.now();
      await this.chores.run(this.lastChoresAt);
      this.lastChoresAt = begunAt;
    });
  }

  private async logged(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn(`A sweep failed and will be repeated: ${(error as Error).message}`);
    }
  }
}
