import { Injectable } from '@nestjs/common';
import { Step, type StepContext, type StepResult } from '../../jobs/step';
import { UpgradeTurn } from './upgrade-turn';

/** One goes first, and nothing more is risked when it fails. */
@Injectable()
export class UpgradeCanaryStep extends Step {
  readonly name = 'upgrade-canary';
  readonly description = 'Upgrade one tenant plane, and stop if it does not get well';
  readonly creates = [];
  override readonly isAtomic = false;

  constructor(private readonly turn: UpgradeTurn) {
    super();
  }

  run(context: StepContext): Promise<StepResult> {
    return this.turn.take(context, { atOnce: 1, maxFailures: 0, isCanary: true });
  }

  async undo(): Promise<void> {
    // What is upgraded stays so: each has passed its own health gate.
  }
}
