import { Injectable } from '@nestjs/common';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { ProvisioningJob } from '../job.entity';
import { PlaneHealth, planeGone } from '../plane-health';
import { Step, StepFailure, type StepContext, type StepResult, done } from '../step';

/** Has the driver run another version. Whatever a person would have to mend first makes it go back at once. */
@Injectable()
export class ReplacePlaneStep extends Step {
  readonly name = 'replace-plane';
  readonly description =
    'End the tenant plane and start it in its new version: its users wait for some seconds, unless it has replicas';
  readonly creates = ['tenant plane process'];
  override readonly isAtomic = false;

  constructor(
    private readonly infrastructures: Infrastructures,
    private readonly health: PlaneHealth,
  ) {
    super();
  }

  async run({ manager, tenantPlaneId, params, write }: StepContext): Promise<StepResult> {
    const { status, placed } = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    if (status === 'retired') throw planeGone();
    if (placed === 0) throw leftBehind();
    try {
      await this.infrastructures.run(tenantPlaneId, String(params['version']), write);
    } catch (error) {
      if (!(error instanceof StepFailure) || error.failureClass !== 'operator') throw error;
      throw new StepFailure('fatal', error.code, error.message, error.fix);
    }
    return done({ from: params['from'] ?? null, to: params['version'] ?? null });
  }

  /** Back to the version before; over when the plane reports in it. */
  async undo({ manager, jobId, tenantPlaneId, params, write }: StepContext): Promise<void> {
    const { createdAt } = await manager.findOneByOrFail(ProvisioningJob, { id: jobId });
    const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    const wasTold = plane.releasedAt !== null && plane.releasedAt >= createdAt;
    // Left behind, it stays as it is until it is removed.
    if (plane.status === 'retired' || plane.placed === 0 || !wasTold) return;
    const from = String(params['from']);
    await this.infrastructures.run(tenantPlaneId, from, write);
    const missing = await this.health.missingToBeBack(tenantPlaneId, from);
    if (missing !== null) throw notBack(from, missing);
  }
}

function leftBehind(): StepFailure {
  const detail = 'Its tenant has moved away: this tenant plane stays as it is until it is removed.';
  return new StepFailure('fatal', 'tenant_plane_left', detail, 'Nobody has to act.');
}

function notBack(version: string, missing: string): StepFailure {
  const detail = `The tenant plane was put back to ${version}, and this waits for ${missing}.`;
  const fix =
    'The job tries again by itself. If it has failed, Atlas on-call: fix the tenant plane (its log says why), then roll the job back again.';
  return new StepFailure('retry', 'plane_not_back', detail, fix);
}
