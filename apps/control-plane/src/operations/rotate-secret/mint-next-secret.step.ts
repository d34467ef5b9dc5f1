import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { lockPlaneAndCalls } from '../../registry/plane-lock';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { ServiceKeys } from '../../service-keys/service-keys';

export const MINT_NEXT_SECRET = 'mint-next-secret';

/** Mints the plane's next secret. From this step on, both secrets are accepted. */
@Injectable()
export class MintNextSecretStep extends ProvisioningStep {
  readonly name = MINT_NEXT_SECRET;
  readonly description =
    'Mint the next secret and hand it to the tenant plane, encrypted with the current one';
  readonly creates = ['service secret'];

  constructor(
    private readonly keys: ServiceKeys,
    private readonly desiredStates: DesiredStates,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantPlaneId }: ProvisioningContext): Promise<StepResult> {
    if ((await this.keys.acceptedOf(manager, [tenantPlaneId])).length === 0) throw nothingToFollow();
    const { keyId } = await this.keys.mint(manager, tenantPlaneId, this.clock.now());
    await this.desiredStates.announce(manager, tenantPlaneId, { nextKeyId: keyId });
    return done({ key_id: keyId });
  }

  /**
   * If the plane already signs with the next secret, it may have discarded the old one, so both remain valid.
   */
  async undo({ manager, tenantPlaneId }: ProvisioningContext): Promise<void> {
    const { nextKeyId } = await lockPlaneAndCalls(manager, tenantPlaneId);
    const accepted = await this.keys.acceptedOf(manager, [tenantPlaneId]);
    const next = accepted.find(({ id }) => id === nextKeyId);
    if (!next || accepted.length === 1 || next.lastUsedAt !== null) return;
    await this.keys.revoke(manager, tenantPlaneId, next.id);
    await manager.update(TenantPlane, { id: tenantPlaneId }, { nextKeyId: null });
  }
}

function nothingToFollow(): StepFailure {
  const fix =
    'Operator: issue a new install bundle for the plane. Once the plane has enrolled with it, start ' +
    'the rotation again.';
  return new StepFailure('fatal', 'no_secret_in_use', 'The tenant plane has no accepted secret.', fix);
}
