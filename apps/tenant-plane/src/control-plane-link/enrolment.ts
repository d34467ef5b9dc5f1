import { type EnrolAnswer, PLANE_PATHS } from '@atlas/plane-contract';
import { Injectable, Logger } from '@nestjs/common';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { ControlPlaneClient } from './control-plane-client';
import { ControlPlaneRefused } from './control-plane.errors';
import { enrolRequestOf } from './enrol-request';
import { PlaneIdentities } from './plane-identities';
import { adviceOn } from './refusal-advice';

const TIMEOUT_MS = 15_000;

/** Spends the provisioning token, once. */
@Injectable()
export class Enrolment {
  private readonly logger = new Logger(Enrolment.name);

  constructor(
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
    private readonly config: TenantPlaneConfig,
  ) {}

  /** Null when it could not be done now; the log says why and what to do. */
  async enrol(): Promise<EnrolAnswer | null> {
    const token = this.config.ATLAS_PROVISIONING_TOKEN;
    if (!token) {
      this.logger.error(
        'Not enrolled yet: set ATLAS_PROVISIONING_TOKEN from the install bundle and start again.',
      );
      return null;
    }
    try {
      return await this.redeem(token);
    } catch (error) {
      this.logger.error(`Enrolment failed and is tried again: ${adviceOnEnrolment(error, this.config)}`);
      return null;
    }
  }

  /** One attempt. Throws what {@link adviceOnEnrolment} can tell a person. */
  async redeem(token: string): Promise<EnrolAnswer> {
    const answer = await this.client.call<EnrolAnswer>({
      method: 'POST',
      path: PLANE_PATHS.enrol,
      body: enrolRequestOf(this.config, this.identities.current, token),
      timeoutMs: TIMEOUT_MS,
      mustBeSigned: true,
    });
    if (!answer) throw new Error('The Control Plane answered the enrolment with nothing.');
    const { tenant_plane_id: tenantPlaneId, deployment_model: deploymentModel } = answer;
    await this.identities.update({ tenantPlaneId, deploymentModel });
    this.logger.log(`Enrolled as ${deploymentModel} tenant plane ${tenantPlaneId}`);
    return answer;
  }
}

/** The token in the environment is what all refusals but one are about. */
export function adviceOnEnrolment(error: unknown, config: TenantPlaneConfig): string {
  const advice = adviceOn(error, config);
  if (!(error instanceof ControlPlaneRefused) || error.code === 'clock_skew') return advice;
  if (error.code === 'bad_signature') return `${advice} The token is not spent.`;
  return `${advice} (${error.code}; variable ATLAS_PROVISIONING_TOKEN)`;
}
