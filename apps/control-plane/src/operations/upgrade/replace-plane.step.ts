import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { PlaneHealth, planeGone } from '../../desired-state/plane-health';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { TenantPlane } from '../../registry/tenant-plane.entity';

/**
 * Makes the driver run a different version of the plane. A failure
 * that requires a person to act rolls back the upgrade at once.
 */
@Injectable()
export class ReplacePlaneStep extends ProvisioningStep {
  readonly name = 'replace-plane';
  readonly description =
    'Stop the tenant plane and start its new version. Unless the plane has replicas, its users wait for ' +
    'a few seconds';
  readonly creates = ['tenant plane process'];
  override readonly isAtomic = false;
  override readonly takesLong = ['run', 'undo'] as const;

  constructor(
    private readonly infrastructures: Infrastructures,
    private readonly health: PlaneHealth,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantPlaneId, params } = context;
    const { status, placed } = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    if (status === 'retired') throw planeGone();
    if (placed === 0) throw leftBehind();
    try {
      await this.infrastructures.run(context, String(params['version']));
    } catch (error) {
      if (!(error instanceof StepFailure) || error.failureClass !== 'operator') throw error;
      throw new StepFailure('fatal', error.code, error.message, error.fix);
    }
    return done({ from: params['from'] ?? null, to: params['version'] ?? null });
  }

  /** Returns the plane to its previous version. Fails until the plane reports that version. */
  async undo(context: ProvisioningContext): Promise<void> {
    const { manager, jobId, tenantPlaneId, params } = context;
    const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    const [from, to] = [String(params['from']), String(params['version'])];
    // Earlier versions of the Control Plane did not record `releasedBy`, so a
    // matching `release` also counts as this job's until the plane is rolled back.
    const wasTold = plane.releasedBy === jobId || (plane.release === to && from !== to);
    // A plane whose tenant has moved away stays as it is until it is removed.
    if (plane.status === 'retired' || plane.placed === 0 || !wasTold) return;
    await this.infrastructures.run(context, from);
    const missing = await this.health.missingToBeBack(tenantPlaneId, from);
    if (missing !== null) throw notBack(from, missing);
  }
}

function leftBehind(): StepFailure {
  const detail = 'The tenant has moved away, so its old tenant plane is no longer upgraded.';
  return new StepFailure('fatal', 'tenant_plane_left', detail, 'No action is needed.');
}

function notBack(version: string, missing: string): StepFailure {
  const detail = `The tenant plane was rolled back to ${version}, but the job is waiting for ${missing}.`;
  const fix =
    'The job retries automatically. If it has failed, Atlas on-call: fix the tenant plane (see ' +
    'its log), then roll the job back again.';
  return new StepFailure('retry', 'plane_not_back', detail, fix);
}
