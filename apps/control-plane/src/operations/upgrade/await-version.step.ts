import { profileOf } from '@atlas/deployment-profiles';
import { type StepResult, done, wait } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { PlaneHealth } from '../../desired-state/plane-health';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { TenantPlane } from '../../registry/tenant-plane.entity';

const PATIENCE_MS = 30 * 24 * 3_600_000;

const WHO = {
  atlas: 'an Atlas operator to replace the tenant plane (docs/TP_DEPLOYMENT_RUNBOOK.md, "By hand")',
  customer: 'the customer to replace the tenant plane (docs/guides/on-prem-upkeep.md, "Upgrade")',
};

/**
 * Waits for the upgrade of a plane that no driver created. Whoever runs the
 * plane upgrades it, and the plane's reports show when the upgrade is done.
 */
@Injectable()
export class AwaitVersionStep extends ProvisioningStep {
  readonly name = 'await-version';
  readonly description =
    'Wait until whoever runs the tenant plane has replaced it and it is healthy on the new version';
  readonly creates = [];

  constructor(private readonly health: PlaneHealth) {
    super();
  }

  async run({ manager, tenantPlaneId, params, startedAt }: ProvisioningContext): Promise<StepResult> {
    const version = String(params['version']);
    const missing = await this.health.missing(tenantPlaneId, version);
    if (missing === null) return done({ version });
    const { deploymentModel } = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    const who = WHO[profileOf(deploymentModel).runBy.tenantPlane];
    return wait(`${who}, and for ${missing}`, new Date(startedAt.getTime() + PATIENCE_MS));
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }
}
