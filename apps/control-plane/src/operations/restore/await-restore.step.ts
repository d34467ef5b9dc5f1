import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { placeOf } from '../../registry/placements';
import { lockPlane } from '../../registry/plane-lock';
import { RestoredCopy } from '../../transfers/restored-copy';
import { holdTransfer } from '../../transfers/transfers';

@Injectable()
export class AwaitRestoreStep extends ProvisioningStep {
  readonly name = 'await-restore';
  readonly description =
    'Wait until the tenant plane has all of the rows, with matching counts and checksums';
  readonly creates = [];

  constructor(private readonly copy: RestoredCopy) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantId } = context;
    const coming = await placeOf(manager, tenantId, 'importing');
    const plane = coming && (await lockPlane(manager, coming.tenantPlaneId));
    const backup = await holdTransfer(manager, { tenantId, purpose: 'restore' });
    if (!plane || !backup) throw new StepFailure('fatal', 'no_backup', 'The restore has ended.');
    return (await this.copy.unlessThere(context, plane, backup)) ?? done({ parts: backup.parts });
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }
}
