import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { PlaneHealth } from '../../desired-state/plane-health';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { lockPlane } from '../../registry/plane-lock';
import { TenantPlane } from '../../registry/tenant-plane.entity';

/** More than a plane needs to start on a new machine. */
const PATIENCE_MS = 30 * 60_000;

/**
 * Lets tenants take the plane, in the transaction that ends the job. So a job that can still be undone never
 * has a plane that a tenant may have.
 */
@Injectable()
export class AwaitPooledPlaneStep extends ProvisioningStep {
  readonly name = 'await-pooled-plane';
  readonly description = 'Wait until the tenant plane has enrolled and reports that it is healthy';
  readonly creates = ['enrolment'];

  constructor(
    private readonly health: PlaneHealth,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantPlaneId: id, params, startedAt }: ProvisioningContext): Promise<StepResult> {
    const version = String(params['version']);
    await lockPlane(manager, id);
    const missing = await this.health.missing(id, version, manager);
    if (missing !== null) {
      const until = new Date(startedAt.getTime() + PATIENCE_MS);
      if (until > this.clock.now()) return wait(missing, until);
      throw new StepFailure('fatal', 'pooled_plane_unhealthy', `The job was still waiting for ${missing}.`);
    }
    await manager.update(TenantPlane, { id }, { acceptsTenants: true });
    return done({ version });
  }

  async undo(): Promise<void> {
    // Nothing to undo here. Undoing the creation removes the plane.
  }
}
