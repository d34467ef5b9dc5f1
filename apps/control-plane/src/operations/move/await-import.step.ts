import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Transfers } from '../../transfers/transfers';
import { unlessMoved } from './whole-copy';

/** Waits until the target has imported and verified everything. */
@Injectable()
export class AwaitImportStep extends ProvisioningStep {
  readonly name = 'await-import';
  readonly description =
    'Wait until the new tenant plane has all of the rows, with matching counts and checksums';
  readonly creates = [];

  constructor(
    private readonly transfers: Transfers,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId, here }: ProvisioningContext): Promise<StepResult> {
    const transfer = await this.transfers.live(manager, tenantId);
    if (!transfer?.frozenAt) throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    const since = { frozenAt: here(transfer.frozenAt), now: this.clock.now() };
    return (await unlessMoved(manager, transfer, since)) ?? done();
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }
}
