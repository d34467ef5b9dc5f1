import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { isApplied, troubleAt } from '../../registry/placements';
import { endRequirement } from '../../transfers/kept-copy';
import { oldPlace } from './old-place';

const PATIENCE_MS = 24 * 3_600_000;

@Injectable()
export class AwaitPurgeStep extends ProvisioningStep {
  readonly name = 'await-purge';
  readonly description = 'Wait for the tenant plane to report that it has removed the rows';
  readonly creates = [];

  async run(context: ProvisioningContext): Promise<StepResult> {
    const place = await context.manager.findOneByOrFail(Placement, oldPlace(context));
    if (isApplied(place)) {
      await endRequirement(context.manager, place);
      return done();
    }
    if (place.reportedRevision >= place.entryRevision && place.reportedState === 'failed') {
      const reason = place.reportedError ?? 'no reason given';
      const detail = `The tenant plane could not remove the rows: ${reason}`;
      throw new StepFailure('retry', 'purge_failed', detail);
    }
    const until = new Date(context.startedAt.getTime() + PATIENCE_MS);
    return wait('the tenant plane to remove the rows', until, troubleAt(place));
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }
}
