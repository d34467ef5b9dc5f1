import { type EnrolAnswer, PLANE_PATHS } from '@atlas/plane-contract';
import { type Secret } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { ControlPlaneClient, type SignedAnswer } from '../control-plane-client/control-plane-client';
import { ControlPlaneRefused } from '../control-plane-client/control-plane.errors';
import { enrolRequestOf } from '../control-plane-client/enrol-request';
import { adviceOn } from '../control-plane-client/refusal-advice';
import { type Fence } from '../plane-identity/fence';
import { enrolledWith, needsEnrolment } from '../plane-identity/install-bundle';
import { PlaneIdentities } from '../plane-identity/plane-identities';

const TIMEOUT_MS = 15_000;

/** Redeems the provisioning token, once. */
@Injectable()
export class Enrolment {
  private readonly logger = new Logger(Enrolment.name);

  constructor(
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
    private readonly config: TenantPlaneConfig,
  ) {}

  /** Null if the attempt failed. The log says why, and what to do. */
  async enrol(fence: Fence): Promise<SignedAnswer<EnrolAnswer> | null> {
    const token = this.config.ATLAS_PROVISIONING_TOKEN;
    if (!token) {
      this.logger.error(
        'Not enrolled yet: set ATLAS_PROVISIONING_TOKEN from the install bundle and start again.',
      );
      return null;
    }
    try {
      return await this.redeem(token, fence);
    } catch (error) {
      this.logger.error(`Enrolment failed and will be retried: ${adviceOnEnrolment(error, this.config)}`);
      return null;
    }
  }

  /** Whether to enrol, either for the first time or with a new bundle after a secret was compromised. */
  get isDue(): boolean {
    return needsEnrolment(this.config, this.identities.current);
  }

  /** Makes one attempt. {@link adviceOnEnrolment} explains the errors that it throws. */
  async redeem(token: Secret, fence?: Fence): Promise<SignedAnswer<EnrolAnswer>> {
    await this.requireSamePlane(token);
    await this.identities.ensureKeyPair(fence);
    const answer = await this.call(token);
    const { tenant_plane_id: tenantPlaneId, deployment_model: deploymentModel } = answer.body;
    const enrolled = enrolledWith(this.config);
    await this.identities.update({ tenantPlaneId, deploymentModel, ...enrolled }, fence);
    this.logger.log(`Enrolled as ${deploymentModel} tenant plane ${tenantPlaneId}`);
    return answer;
  }

  /** Prevents the bundle of a different plane, pasted here by mistake, from being consumed. */
  private async requireSamePlane(token: Secret): Promise<void> {
    const { tenantPlaneId } = this.identities.current;
    if (tenantPlaneId === null) return;
    const rehearsed = await this.call(token, { dry_run: 'true' });
    if (rehearsed.body.tenant_plane_id === tenantPlaneId) return;
    throw new Error(
      'The install bundle in the environment is for a different tenant plane ' +
        `(${rehearsed.body.tenant_plane_id}), not this one (${tenantPlaneId}). Paste the ` +
        "INTERNAL_SERVICE_SECRET and ATLAS_PROVISIONING_TOKEN from this plane's bundle.",
    );
  }

  private async call(token: Secret, query: Record<string, string> = {}): Promise<SignedAnswer<EnrolAnswer>> {
    const answer = await this.client.signed<EnrolAnswer>({
      egress: { class: 'enrolment' },
      method: 'POST',
      path: PLANE_PATHS.enrol,
      query,
      body: enrolRequestOf(this.config, this.identities.current, token),
      timeoutMs: TIMEOUT_MS,
    });
    if (!answer) throw new Error('The Control Plane sent an empty response to the enrolment.');
    return answer;
  }
}

/** Any refusal that concerns neither the clock nor the signature concerns the token. */
export function adviceOnEnrolment(error: unknown, config: TenantPlaneConfig): string {
  const advice = adviceOn(error, config);
  if (!(error instanceof ControlPlaneRefused) || error.code === 'clock_skew') return advice;
  if (error.code === 'bad_signature') return `${advice} The token was not consumed.`;
  return `${advice} (${error.code}; variable ATLAS_PROVISIONING_TOKEN)`;
}
