import { offlineEnrolmentProblem, profileOf } from '@atlas/deployment-profiles';
import { EnvironmentError, parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from './tenant-plane.config';

/**
 * Parses the environment of a plane that is to be checked, enrolled or started. Throws
 * {@link EnvironmentError} if the environment sets offline mode for a customer-run model that needs the
 * Control Plane. The caller has not opened a database at that point.
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
