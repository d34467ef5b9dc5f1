/** Who runs a tenant's plane and where; `@atlas/deployment-profiles` describes each. */
export const DEPLOYMENT_MODELS = ['shared', 'dedicated', 'on_prem', 'hybrid'] as const;

export type DeploymentModel = (typeof DEPLOYMENT_MODELS)[number];

export function isDeploymentModel(value: unknown): value is DeploymentModel {
  return DEPLOYMENT_MODELS.some((model) => model === value);
}
