import { offlineEnrolmentProblem, profileOf } from '@atlas/deployment-profiles';
import { EnvironmentError, parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from './tenant-plane.config';

/**
 * The environment of a plane that is to be checked, enrolled or run here. Throws
 * {@link EnvironmentError}, before there is a database, for a customer's plane
 * that can't do without a way to the Control Plane and is told to make no call.
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
