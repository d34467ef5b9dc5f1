import { DEPLOYMENT_MODELS, type DeploymentModel } from './profiles';

/** The two variables that may name the deployment model. */
export interface DeploymentModelEnvironment {
  readonly ATLAS_TP_DEPLOYMENT?: string | undefined;
  readonly TP_DEPLOYMENT_MODE?: string | undefined;
}

/** The model (undefined if the environment names none), or what is wrong with the environment. */
export type DeploymentModelResolution =
  | { readonly model?: DeploymentModel | undefined; readonly problem?: undefined }
  | { readonly model?: undefined; readonly problem: string };

/**
 * The deployment model that the environment names. An empty value counts as unset. If no model is set,
 * enrolment supplies it.
 */
export function resolveDeploymentModel(env: DeploymentModelEnvironment): DeploymentModelResolution {
  const name = env.ATLAS_TP_DEPLOYMENT?.trim() ? 'ATLAS_TP_DEPLOYMENT' : 'TP_DEPLOYMENT_MODE';
  const value = env[name]?.trim();
  const alias = env.TP_DEPLOYMENT_MODE?.trim();
  if (!value) return {};
  if (alias && alias !== value) {
    return { problem: `ATLAS_TP_DEPLOYMENT and TP_DEPLOYMENT_MODE differ; set only one of them` };
  }
  const model = DEPLOYMENT_MODELS.find((one) => one === value);
  return model ? { model } : { problem: `${name} must be one of ${DEPLOYMENT_MODELS.join(', ')}, or unset` };
}
