import { type DeploymentModel, modelsWhere } from './profiles';

const BY_FILE = modelsWhere(({ offlineEnrolmentAllowed }) => offlineEnrolmentAllowed);

/**
 * The error that both planes show when someone tries to enrol a plane by file although its model does not
 * allow this.
 */
export function offlineEnrolmentProblem(model: DeploymentModel): string {
  return (
    `A ${model} plane needs a connection to the Control Plane and cannot enrol by file. Start it without ` +
    'ATLAS_OFFLINE_MODE to enrol online. For a network without outbound access, provision the tenant as ' +
    `${BY_FILE.join(' or ')}.`
  );
}
