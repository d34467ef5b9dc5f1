import { profileOf } from '@atlas/deployment-profiles';
import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { type Transfer } from '../../registry/transfer.entity';
import { copyTrouble } from '../../transfers/copy-trouble';
import { Transfers, isLevel, isToOldKey } from '../../transfers/transfers';
import { OpenTransferStep } from './open-transfer.step';

const PATIENCE_MS = 7 * 24 * 3_600_000;

/** Waits until the target has nearly all of the tenant's rows. */
@Injectable()
export class AwaitCopyStep extends ProvisioningStep {
  readonly name = 'await-copy';
  readonly description = 'Wait until the new tenant plane has nearly all of the rows';
  readonly creates = [];

  constructor(
    private readonly transfers: Transfers,
    private readonly opening: OpenTransferStep,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, startedAt, here } = context;
    const transfer = await this.live(context);
    if (!transfer) throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    const trouble = await copyTrouble(manager, transfer);
    if (isLevel(transfer)) return done({ parts: transfer.parts });
    if (transfer.followingSince) return this.catchUp(startedAt, here(transfer.followingSince), trouble);
    const { deploymentModel } = await manager.findOneByOrFail(TenantPlane, { id: transfer.sourcePlaneId });
    const isTheirs = profileOf(deploymentModel).runBy.tenantPlane === 'customer' && transfer.attempt === null;
    const what = isTheirs
      ? "the customer's consent at their tenant plane (POST /api/moves/consent), then the copy of the rows"
      : "the copy of the tenant's rows";
    return wait(what, new Date(startedAt.getTime() + PATIENCE_MS), trouble);
  }

  /**
   * If users write as fast as the rows are copied, the target never catches
   * up. A freeze would then pause writes until the rest is copied, so the step
   * fails and a person decides. A retry allows the same amount of time again.
   */
  private catchUp(startedAt: Date, since: Date, trouble: string | null): StepResult {
    const minutes = this.config.MOVE_CATCH_UP_MINUTES;
    const until = new Date(Math.max(startedAt.getTime(), since.getTime()) + minutes * 60_000);
    if (this.clock.now() >= until) throw neverLevel(minutes, trouble);
    return wait('the new tenant plane to catch up with ongoing writes', until, trouble);
  }

  /**
   * Call this first. If the target has a new key, its report about the copy still concerns the old transfer.
   */
  private async live(context: ProvisioningContext): Promise<Transfer | null> {
    const { manager, tenantId } = context;
    const transfer = await this.transfers.live(manager, tenantId);
    if (!transfer || !(await isToOldKey(manager, transfer))) return transfer;
    // `write` checks the job's lease. Without that check, a worker that has
    // lost its lease could open a transfer that the undo would not end.
    await context.write(() => this.opening.run(context));
    return this.transfers.live(manager, tenantId);
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }
}

function neverLevel(minutes: number, trouble: string | null): StepFailure {
  const last = trouble === null ? '' : ` Last failure: ${trouble}`;
  const detail =
    `The new tenant plane did not catch up with ongoing writes within ${minutes} min ` +
    `(MOVE_CATCH_UP_MINUTES), so the move would pause writes for too long.${last}`;
  const fix =
    "Operator: if one of the two tenant planes is offline or failing, fix it; otherwise ask the tenant's " +
    'users to pause bulk work. Then retry the job (copying continues in the meantime), or roll it back.';
  return new StepFailure('operator', 'never_level', detail, fix);
}
