import { Injectable } from '@nestjs/common';
import { hasLostCopy } from '../../tenant-planes/placements';
import { lockTenant } from '../../tenants/tenants.service';
import { endRequirement, lostCopyDetail } from '../kept-copy';
import { Step, StepFailure, type StepContext, type StepResult, done } from '../step';
import { lockHome } from './lock-home';
import { oldPlace } from './old-place';

/** Nobody enrols as the new home in between: from here on its database counts, whichever it is. */
@Injectable()
export class ReleaseCopyStep extends Step {
  readonly name = 'release-copy';
  readonly description = 'Look once more whether the new home has the rows, so that the old copy may go';
  readonly creates = [];

  async run(context: StepContext): Promise<StepResult> {
    const { manager, tenantId } = context;
    await lockTenant(manager, tenantId);
    const home = await lockHome(manager, tenantId);
    if (home && (await hasLostCopy(manager, home)))
      throw new StepFailure('fatal', 'copy_lost', await lostCopyDetail(manager, home));
    await endRequirement(manager, oldPlace(context));
    return done();
  }

  async undo(): Promise<void> {
    // Nothing was removed, and the home has the rows.
  }
}
