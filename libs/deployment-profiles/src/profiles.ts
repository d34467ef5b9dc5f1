import { DEPLOYMENT_MODELS, type DeploymentModel } from '@atlas/tenancy';
import { type DeploymentProfile } from './parts/deployment-profile';
import { DEDICATED_PROFILE } from './profiles/dedicated.profile';
import { HYBRID_PROFILE } from './profiles/hybrid.profile';
import { ON_PREM_PROFILE } from './profiles/on-prem.profile';
import { SHARED_PROFILE } from './profiles/shared.profile';

/** All deployment profiles. A new model needs a profile file and a line here. The compiler enforces this. */
export const PROFILES: Readonly<Record<DeploymentModel, DeploymentProfile>> = Object.freeze({
  shared: SHARED_PROFILE,
  dedicated: DEDICATED_PROFILE,
  on_prem: ON_PREM_PROFILE,
  hybrid: HYBRID_PROFILE,
});

export function profileOf(model: DeploymentModel): DeploymentProfile {
  return PROFILES[model];
}

/** The models whose tenants share cells: tenant planes that serve many tenants. */
export const CELL_MODELS: readonly DeploymentModel[] = DEPLOYMENT_MODELS.filter(
  (model) => !profileOf(model).tenantFixed,
);
