import { type DeploymentProfile } from './parts/deployment-profile';
import { DEDICATED_PROFILE } from './profiles/dedicated.profile';
import { HYBRID_PROFILE } from './profiles/hybrid.profile';
import { ON_PREM_PROFILE } from './profiles/on-prem.profile';
import { SHARED_PROFILE } from './profiles/shared.profile';

/** Who runs a tenant's plane and where, in the order in which models are listed everywhere. */
export const DEPLOYMENT_MODELS = ['shared', 'dedicated', 'on_prem', 'hybrid'] as const;

export type DeploymentModel = (typeof DEPLOYMENT_MODELS)[number];

/** All deployment profiles. The compiler requires one for each model. */
export const PROFILES: { readonly [Model in DeploymentModel]: DeploymentProfile<Model> } = Object.freeze({
  shared: SHARED_PROFILE,
  dedicated: DEDICATED_PROFILE,
  on_prem: ON_PREM_PROFILE,
  hybrid: HYBRID_PROFILE,
});

export function profileOf(model: DeploymentModel): DeploymentProfile<DeploymentModel> {
  return PROFILES[model];
}

/** The models whose profiles meet a condition, such as `({ installRequired }) => installRequired`. */
export function modelsWhere(has: (profile: DeploymentProfile) => boolean): readonly DeploymentModel[] {
  return DEPLOYMENT_MODELS.filter((model) => has(profileOf(model)));
}

/** The models whose tenants share cells: tenant planes that serve many tenants. */
export const CELL_MODELS = modelsWhere(({ tenantFixed }) => !tenantFixed);

/**
 * The models for which Atlas creates a tenant plane and a database for each tenant. They are listed here
 * because the API description reads only types. A test compares the list with the profiles.
 */
export const CREATED_MODELS = ['dedicated'] as const satisfies readonly DeploymentModel[];
