import { type StepResult } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { UpgradeTurn } from './upgrade-turn';

/** Upgrades one plane first. If that fails, no other plane is upgraded. */
@Injectable()
export class UpgradeCanaryStep extends ProvisioningStep {
  readonly name = 'upgrade-canary';
  readonly description = 'Upgrade one tenant plane first, and stop if it does not become healthy';
  readonly creates = [];
  override readonly isAtomic = false;

  constructor(private readonly turn: UpgradeTurn) {
    super();
  }

  run(context: ProvisioningContext): Promise<StepResult> {
    return this.turn.take(context, { atOnce: 1, maxFailures: 0, isCanary: true });
  }

  async undo(): Promise<void> {
    // An upgraded plane stays upgraded, because it has passed its health gate.
  }
}
