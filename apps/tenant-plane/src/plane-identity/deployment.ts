import { type DeploymentModel, type DeploymentProfile, profileOf } from '@atlas/deployment-profiles';
import { type DeploymentView } from '@atlas/tenant-api/deployment';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { PlaneIdentities } from './plane-identities';

/**
 * The deployment model of this plane. Named by the environment or, failing that, by the Control Plane at
 * enrolment.
 */
@Injectable()
export class Deployment {
  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly identities: PlaneIdentities,
  ) {}

  get profile(): DeploymentProfile<DeploymentModel> {
    return profileOf(this.config.deploymentModel ?? this.identities.current.deploymentModel ?? 'shared');
  }

  describe(): DeploymentView {
    const { model, title, hints } = this.profile;
    return { model, profile: title, hints: hints.map(({ kind, text, doc }) => ({ kind, text, doc })) };
  }
}
