import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { isApplied, troubleAt } from '../../registry/placements';

const PATIENCE_MS = 24 * 3_600_000;

@Injectable()
export class AwaitRemovalStep extends ProvisioningStep {
  readonly name = 'await-removal';
  readonly description = 'Wait for every remaining tenant plane to confirm that the rows are removed';
  readonly creates = [];

  async run({ manager, startedAt, jobId: purgeJobId }: ProvisioningContext): Promise<StepResult> {
    const places = await manager.findBy(Placement, { purgeJobId });
    const open = places.filter((place) => !isApplied(place));
    const failed = open.find(
      ({ reportedState, reportedRevision, entryRevision }) =>
        reportedState === 'failed' && reportedRevision >= entryRevision,
    );
    if (failed) {
      const reason = failed.reportedError ?? 'no reason given';
      const detail = `The tenant plane could not remove the rows: ${reason}`;
      throw new StepFailure('retry', 'removal_failed', detail);
    }
    if (open.length === 0) return done();
    const trouble = open.map(troubleAt).find((one) => one !== null);
    const until = new Date(startedAt.getTime() + PATIENCE_MS);
    return wait('the tenant plane to remove the rows', until, trouble);
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }
}
