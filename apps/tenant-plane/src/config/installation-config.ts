import { offlineEnrolmentProblem, profileOf } from '@atlas/deployment-profiles';
import { EnvironmentError, parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from './tenant-plane.config';

/**
 * The environment of a plane to check, enrol or run. Throws {@link EnvironmentError}, before a database is
 * opened, if it sets offline mode for a customer's plane whose model needs the Control Plane.
 */
export function installationConfig(env: NodeJS.ProcessEnv): TenantPlaneConfig {
  const config = parseEnvironment(TenantPlaneConfig, env);
  const model = config.deploymentModel;
  if (!config.isOffline || model === undefined) return config;
  const { installRequired, offlineEnrolmentAllowed } = profileOf(model);
  if (installRequired && !offlineEnrolmentAllowed)
    throw new EnvironmentError([`ATLAS_OFFLINE_MODE is set: ${offlineEnrolmentProblem(model)}`]);
  return config;
}
