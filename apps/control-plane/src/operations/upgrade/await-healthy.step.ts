import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { PlaneHealth } from '../../desired-state/plane-health';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';

/** The health gate. A plane that does not become healthy on its new version in time is rolled back. */
@Injectable()
export class AwaitHealthyStep extends ProvisioningStep {
  readonly name = 'await-healthy';
  readonly description =
    'Wait until the tenant plane reports its new version, is healthy and has applied its desired ' +
    'state; otherwise roll back';
  readonly creates = [];

  constructor(
    private readonly health: PlaneHealth,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ tenantPlaneId, params, startedAt }: ProvisioningContext): Promise<StepResult> {
    const version = String(params['version']);
    const missing = await this.health.missing(tenantPlaneId, version);
    if (missing === null) return done({ version });
    const seconds = this.config.UPGRADE_HEALTHY_SECONDS;
    const deadline = new Date(startedAt.getTime() + seconds * 1000);
    if (deadline > this.clock.now()) return wait(missing, deadline);
    const detail =
      `The tenant plane was not healthy on ${version} within ${seconds} s (UPGRADE_HEALTHY_SECONDS). The ` +
      `job was still waiting for ${missing}. The plane is rolled back to ${params['from']}.`;
    const fix =
      'Atlas on-call: check the log of the tenant plane, fix the release, then start the upgrade again.';
    throw new StepFailure('fatal', 'upgrade_unhealthy', detail, fix);
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }
}
