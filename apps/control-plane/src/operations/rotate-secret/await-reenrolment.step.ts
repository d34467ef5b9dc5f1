import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ProvisioningTokens } from '../../enrolment/provisioning-tokens';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { lockPlane } from '../../registry/plane-lock';
import { ServiceKeys } from '../../service-keys/service-keys';

export const AWAIT_REENROLMENT = 'await-reenrolment';

/**
 * The old secret was refused from the moment on in which this was
 * asked for. Waits for as long as the token of the new bundle is good.
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
    // The plane may have enrolled in time without having committed yet when its token expires.
    await lockPlane(manager, tenantPlaneId);
    const token = await this.tokens.findLive(manager, tenantPlaneId);
    const [key] = await this.keys.acceptedOf(manager, [tenantPlaneId]);
    if (key) return done({ key_id: key.id });
    const until = token?.expiresAt;
    if (until && until > this.clock.now()) return wait('the enrolment with the new install bundle', until);
    const what = until ? 'The provisioning token expired' : 'There is no live provisioning token';
    const detail = `${what}, and the tenant plane has not enrolled with it.`;
    const fix =
      `Operator: issue a new token (POST /api/tenant-planes/${tenantPlaneId}/provisioning-tokens) and ` +
      'hand its install bundle to whoever runs the plane; the job then goes on by itself.';
    throw new StepFailure('operator', 'enrolment_overdue', detail, fix);
  }

  async undo(): Promise<void> {
    // Trust that has ended is given anew, never back.
  }
}
