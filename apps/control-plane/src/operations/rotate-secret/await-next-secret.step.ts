import { type StepResult, done, wait } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { KeyUses } from '../../service-keys/key-uses';
import { type ServiceKey } from '../../service-keys/service-key.entity';
import { ServiceKeys } from '../../service-keys/service-keys';
import { MINT_NEXT_SECRET } from './mint-next-secret.step';

const PATIENCE_MS = 30 * 24 * 3_600_000;

/** Waits until the plane signs with the next secret and has not used an older one for a while. */
@Injectable()
export class AwaitNextSecretStep extends ProvisioningStep {
  readonly name = 'await-next-secret';
  readonly description =
    'Wait until the tenant plane signs with the next secret and no longer uses the old one';
  readonly creates = [];

  constructor(
    private readonly keys: ServiceKeys,
    private readonly uses: KeyUses,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantPlaneId, startedAt, outputs }: ProvisioningContext): Promise<StepResult> {
    const accepted = await this.keys.acceptedOf(manager, [tenantPlaneId]);
    const next = accepted.find(({ id }) => id === outputs[MINT_NEXT_SECRET]?.['key_id']);
    // The plane has since re-enrolled with a new bundle, so all older secrets are revoked.
    if (!next) return done({ superseded: true });
    const deadline = new Date(startedAt.getTime() + PATIENCE_MS);
    if (this.uses.lastOf(next) === null) return wait('the tenant plane to use its next secret', deadline);
    const quietAt = this.quietAt(next, accepted);
    const now = this.clock.now();
    if (quietAt <= now) return done();
    return wait('the old secret to fall out of use', deadline <= now ? deadline : quietAt);
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }

  /** The time from which the older secrets have been unused for long enough. */
  private quietAt(next: ServiceKey, accepted: readonly ServiceKey[]): Date {
    const lastUses = accepted
      .filter((key) => key !== next)
      .map((key) => this.uses.lastOf(key)?.getTime() ?? 0);
    const since = Math.max(next.createdAt.getTime(), ...lastUses);
    return new Date(since + this.config.SECRET_ROTATION_QUIET_SECONDS * 1000);
  }
}
