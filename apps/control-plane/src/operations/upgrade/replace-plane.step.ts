import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { PlaneHealth, planeGone } from '../../desired-state/plane-health';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { TenantPlane } from '../../registry/tenant-plane.entity';

/**
 * Has the driver run another version. Whatever a person would have to mend first makes it go back at once.
 */
@Injectable()
export class ReplacePlaneStep extends ProvisioningStep {
  readonly name = 'replace-plane';
  readonly description =
    'End the tenant plane and start it in its new version: its users wait for some seconds, unless ' +
    'it has replicas';
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

  /** Back to the version before; over when the plane reports in it. */
  async undo(context: ProvisioningContext): Promise<void> {
    const { manager, jobId, tenantPlaneId, params } = context;
    const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    const [from, to] = [String(params['from']), String(params['version'])];
    // A process of the version before notes no job: what the
    // plane was told says it as well, until it is put back.
    const wasTold = plane.releasedBy === jobId || (plane.release === to && from !== to);
    // Left behind, it stays as it is until it is removed.
    if (plane.status === 'retired' || plane.placed === 0 || !wasTold) return;
    await this.infrastructures.run(context, from);
    const missing = await this.health.missingToBeBack(tenantPlaneId, from);
    if (missing !== null) throw notBack(from, missing);
  }
}

function leftBehind(): StepFailure {
  const detail = 'Its tenant has moved away, so this tenant plane stays as it is until it is removed.';
  return new StepFailure('fatal', 'tenant_plane_left', detail, 'Nobody has to act.');
}

function notBack(version: string, missing: string): StepFailure {
  const detail = `The tenant plane was put back to ${version}, and this waits for ${missing}.`;
  const fix =
    'The job tries again by itself. If it has failed, Atlas on-call: fix the tenant plane (its log ' +
    'says why), then roll the job back again.';
  return new StepFailure('retry', 'plane_not_back', detail, fix);
}
