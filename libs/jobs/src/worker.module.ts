import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { Attempts } from './attempts';
import { JobRunner } from './job-runner';
import { Worker } from './worker';

/** Runs jobs in this process. */
@Module({})
export class WorkerModule {
  /**
   * `imports` must export the application's Jobs, JobWaker, JobQueue,
   * StepRegistry, JobHost, FaultPoints and Chores.
   */
  static forHost(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return { module: WorkerModule, imports, providers: [Attempts, JobRunner, Worker] };
  }
}
