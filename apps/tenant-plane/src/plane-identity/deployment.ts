import {
  type DeploymentModel,
  type DeploymentProfile,
  HINT_GUIDES,
  profileOf,
} from '@atlas/deployment-profiles';
import { versionGap } from '@atlas/plane-contract';
import { type DeploymentDetailsView, type DeploymentView } from '@atlas/tenant-api/deployment';
import { Injectable } from '@nestjs/common';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
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

  /** Whether the plane makes no call to the Control Plane. */
  get isOffline(): boolean {
    return this.config.isOffline;
  }

  details(): Omit<DeploymentDetailsView, 'database'> {
    const { model, title, runBy, dataResidency, backupDuty } = this.profile;
    const { latestVersion: latest } = this.identities.current;
    const gap = latest === null ? null : versionGap(TENANT_PLANE_VERSION, latest);
    return {
      model,
      profile: title,
      run_by: runBy.tenantPlane,
      data_held_by: dataResidency.heldBy,
      backed_up_by: backupDuty.who,
      version: TENANT_PLANE_VERSION,
      latest_version: latest,
      behind: gap !== null,
      versions_behind: gap,
      offline: this.isOffline,
    };
  }

  describe(): DeploymentView {
    const { model, title, hints } = this.profile;
    return {
      model,
      profile: title,
      hints: hints.map(({ kind, text }) => ({ kind, text, doc: HINT_GUIDES[kind] })),
    };
  }
}
