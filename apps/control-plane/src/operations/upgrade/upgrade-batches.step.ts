import { Injectable } from '@nestjs/common';
import { Step, type StepContext, type StepResult } from '../../jobs/step';
import { UpgradeTurn } from './upgrade-turn';

@Injectable()
export class UpgradeBatchesStep extends Step {
  readonly name = 'upgrade-batches';
  readonly description = 'Upgrade the others batch by batch, and stop when more have failed than may';
  readonly creates = [];
  override readonly isAtomic = false;

  constructor(private readonly turn: UpgradeTurn) {
    super();
  }

  run(context: StepContext): Promise<StepResult> {
    const { batch_size: atOnce, max_failures: maxFailures } = context.params;
    return this.turn.take(context, {
      ...{ atOnce: Number(atOnce), maxFailures: Number(maxFailures), isCanary: false },
    });
  }

  async undo(): Promise<void> {
    // What is upgraded stays so: each has passed its own health gate.
  }
}
