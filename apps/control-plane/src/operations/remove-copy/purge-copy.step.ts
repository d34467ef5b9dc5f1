import { type StepResult, done } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { requireHomeServes } from '../../transfers/kept-copy';
import { oldPlace } from './old-place';

@Injectable()
export class PurgeCopyStep extends ProvisioningStep {
  readonly name = 'purge-copy';
  readonly description = 'Have the tenant plane remove the rows of a tenant that has moved away';
  readonly creates = [];

  constructor(
    private readonly desiredStates: DesiredStates,
    private readonly database: Database,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const place = oldPlace(context);
    const { manager, jobId: purgeJobId } = context;
    await requireHomeServes(this.database, manager, place);
    await manager.update(Placement, place, { purgeJobId, removeAfter: null });
    await this.desiredStates.publish(manager, place);
    return done();
  }

  async undo(): Promise<void> {
    // A removal cannot be undone.
  }
}
