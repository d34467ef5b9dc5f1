import { Logger } from '@nestjs/common';
import { StepFailure } from './step';

export type FaultMoment = 'before' | 'after-effect' | 'after-record';

/**
 * Points at which tests can disrupt the process, named `<operation>/<step>/<moment>`. A point does nothing
 * unless it is armed.
 */
export class FaultPoints {
  private readonly armed?: { readonly name: string; readonly action: string };
  private readonly logger = new Logger(FaultPoints.name);

  /** `armed`: `<operation>/<step>/<moment>:<kill|throw|fail|pause>`. */
  constructor(armed?: string) {
    const [name, action] = armed?.split(':') ?? [];
    if (name && action) this.armed = { name, action };
  }

  async reach(operation: string, step: string, moment: FaultMoment): Promise<void> {
    if (this.armed?.name !== `${operation}/${step}/${moment}`) return;
    this.logger.warn(`Fault point ${this.armed.name}: ${this.armed.action}`);
    if (this.armed.action === 'kill') process.kill(process.pid, 'SIGKILL');
    if (this.armed.action === 'throw') throw new Error(`Fault point ${this.armed.name}`);
    // Fails like a step that can never succeed.
    if (this.armed.action === 'fail')
      throw new StepFailure('fatal', 'fault_point', `Fault point ${this.armed.name}`);
    // Continues when the process receives SIGUSR2.
    if (this.armed.action === 'pause') await new Promise<void>((resume) => process.once('SIGUSR2', resume));
  }
}
