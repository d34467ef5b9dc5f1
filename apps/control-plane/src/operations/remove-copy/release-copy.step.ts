import { type StepResult, done } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { requireHomeServes } from '../../transfers/kept-copy';
import { oldPlace } from './old-place';

/** Fails early if the copy must be kept. The step that removes the copy checks this again. */
@Injectable()
export class ReleaseCopyStep extends ProvisioningStep {
  readonly name = 'release-copy';
  readonly description = 'Check that the new home serves the tenant, so that the old copy may be removed';
  readonly creates = [];

  constructor(private readonly database: Database) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    await requireHomeServes(this.database, context.manager, oldPlace(context));
    return done();
  }

  async undo(): Promise<void> {
    // Nothing to undo, because the step changes nothing.
  }
}
