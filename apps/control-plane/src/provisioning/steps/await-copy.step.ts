import { Injectable } from '@nestjs/common';
import { profileOf } from '@atlas/deployment-profiles';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { Transfers, isLevel } from '../../transfers/transfers.service';
import { Step, StepFailure, type StepContext, type StepResult, done, wait } from '../step';
import { copyTrouble } from './copy-trouble';

const PATIENCE_MS = 7 * 24 * 3_600_000;

/** Waits until the target has nearly all of the tenant's rows. */
@Injectable()
export class AwaitCopyStep extends Step {
  readonly name = 'await-copy';
  readonly description = 'Wait until the new tenant plane has nearly all rows';
  readonly creates = [];

  constructor(private readonly transfers: Transfers) {
    super();
  }

  async run({ manager, tenantId, startedAt }: StepContext): Promise<StepResult> {
    const transfer = await this.transfers.live(manager, tenantId);
    if (!transfer) throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    const trouble = await copyTrouble(manager, transfer);
    if (isLevel(transfer)) return done({ parts: transfer.parts });
    const { deploymentModel } = await manager.findOneByOrFail(TenantPlane, { id: transfer.sourcePlaneId });
    const isTheirs = profileOf(deploymentModel).runBy.tenantPlane === 'customer' && transfer.attempt === null;
    const what = isTheirs
      ? "the customer's consent at their tenant plane (POST /api/moves/consent), then the copy"
      : "the copy of the tenant's rows";
    return wait(what, new Date(startedAt.getTime() + PATIENCE_MS), trouble);
  }

  async undo(): Promise<void> {
    // Waiting leaves nothing behind.
  }
}
