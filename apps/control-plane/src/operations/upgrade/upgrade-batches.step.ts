import { type StepResult } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { UpgradeTurn } from './upgrade-turn';

@Injectable()
export class UpgradeBatchesStep extends ProvisioningStep {
  readonly name = 'upgrade-batches';
  readonly description = 'Upgrade the other tenant planes in batches, and stop after too many failures';
  readonly creates = [];
  override readonly isAtomic = false;

  constructor(private readonly turn: UpgradeTurn) {
    super();
  }

  run(context: ProvisioningContext): Promise<StepResult> {
    const { batch_size: atOnce, max_failures: maxFailures } = context.params;
    return this.turn.take(context, {
      atOnce: Number(atOnce),
      maxFailures: Number(maxFailures),
      isCanary: false,
    });
  }

  async undo(): Promise<void> {
    // Upgraded planes stay upgraded, because each has passed its health gate.
  }
}
