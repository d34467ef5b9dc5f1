import { Injectable } from '@nestjs/common';
import { Placement } from '../../tenant-planes/placement.entity';
import { isApplied, troubleAt } from '../../tenant-planes/placements';
import { TenantPlane, isAirGapped } from '../../tenant-planes/tenant-plane.entity';
import { Step, StepFailure, type StepContext, type StepResult, done, wait } from '../step';

const PATIENCE_MS = 15 * 60_000;

/** Waits until the tenant plane says that it has applied what was published. */
@Injectable()
export class AwaitReportStep extends Step {
  readonly name = 'await-report';
  readonly description = 'Wait for the tenant plane to report the tenant as applied';
  readonly creates = [];

  async run({ manager, tenantId, startedAt }: StepContext): Promise<StepResult> {
    const placement = await manager.findOneByOrFail(Placement, { tenantId, phase: 'serving' });
    if (isApplied(placement)) return done();
    if (placement.reportedRevision >= placement.entryRevision && placement.reportedState === 'failed') {
      throw new StepFailure(
        'retry',
        'apply_failed',
        `The tenant plane could not apply the tenant: ${placement.reportedError ?? 'no reason given'}`,
      );
    }
    const plane = await manager.findOneByOrFail(TenantPlane, { id: placement.tenantPlaneId });
    // Its tenants are in the answer file that was handed out; more can't be known.
    if (isAirGapped(plane)) return done({ report: 'none: the tenant plane is air-gapped' });
    const until = new Date(startedAt.getTime() + PATIENCE_MS);
    return wait('the report of the tenant plane', until, troubleAt(placement));
  }

  async undo(): Promise<void> {
    // Waiting leaves nothing behind.
  }
}
