import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ProvisioningTokens } from '../../enrolment/provisioning-tokens';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { lockPlane } from '../../registry/plane-lock';
import { ServiceKeys } from '../../service-keys/service-keys';

export const AWAIT_REENROLMENT = 'await-reenrolment';

/**
 * Waits for the plane to enrol with the new bundle, until the bundle's token
 * expires. The old secret has been refused since the rotation was requested.
 */
@Injectable()
export class AwaitReenrolmentStep extends ProvisioningStep {
  readonly name = AWAIT_REENROLMENT;
  readonly description =
    'Refuse the old secret at once, and wait for the tenant plane to enrol with its new install bundle';
  readonly creates = ['install bundle', 'service secret'];

  constructor(
    private readonly keys: ServiceKeys,
    private readonly tokens: ProvisioningTokens,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantPlaneId }: ProvisioningContext): Promise<StepResult> {
    // An enrolment that began before the token expired may not have
    // committed yet. Locking the plane waits for that enrolment.
    await lockPlane(manager, tenantPlaneId);
    const token = await this.tokens.findLive(manager, tenantPlaneId);
    const [key] = await this.keys.acceptedOf(manager, [tenantPlaneId]);
    if (key) return done({ key_id: key.id });
    const until = token?.expiresAt;
    if (until && until > this.clock.now()) return wait('the enrolment with the new install bundle', until);
    const what = until ? 'The provisioning token expired' : 'There is no live provisioning token';
    const detail = `${what}, and the tenant plane has not re-enrolled.`;
    const fix =
      `Operator: issue a new token (POST /api/tenant-planes/${tenantPlaneId}/provisioning-tokens) and ` +
      'hand its install bundle to whoever runs the plane. The job then resumes automatically.';
    throw new StepFailure('operator', 'enrolment_overdue', detail, fix);
  }

  async undo(): Promise<void> {
    // Revoked trust is never restored; the plane must enrol again.
  }
}
