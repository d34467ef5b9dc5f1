import { Injectable } from '@nestjs/common';
import { profileOf } from '@atlas/deployment-profiles';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { type Transfer } from '../../transfers/transfer.entity';
import { Transfers, isLevel, isToOldKey } from '../../transfers/transfers.service';
import { Step, StepFailure, type StepContext, type StepResult, done, wait } from '../step';
import { copyTrouble } from './copy-trouble';
import { OpenTransferStep } from './open-transfer.step';

const PATIENCE_MS = 7 * 24 * 3_600_000;

/** Waits until the target has nearly all of the tenant's rows. */
@Injectable()
export class AwaitCopyStep extends Step {
  readonly name = 'await-copy';
  readonly description = 'Wait until the new tenant plane has nearly all rows';
  readonly creates = [];

  constructor(
    private readonly transfers: Transfers,
    private readonly opening: OpenTransferStep,
  ) {
    super();
  }

  async run(context: StepContext): Promise<StepResult> {
    const { manager, startedAt } = context;
    const transfer = await this.live(context);
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

  /** Comes first: if the target has a new key, its report about the copy concerns the old one. */
  private async live(context: StepContext): Promise<Transfer | null> {
    const { manager, tenantId } = context;
    const transfer = await this.transfers.live(manager, tenantId);
    if (!transfer || !(await isToOldKey(manager, transfer))) return transfer;
    // Checks the job's lease: a worker that has lost it would open a transfer which the undo does not know about.
    await context.write(() => this.opening.run(context));
    return this.transfers.live(manager, tenantId);
  }

  async undo(): Promise<void> {
    // Waiting leaves nothing behind.
  }
}
