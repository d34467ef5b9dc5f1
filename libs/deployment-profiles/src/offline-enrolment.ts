import { type DeploymentModel, modelsWhere } from './profiles';

const BY_FILE = modelsWhere(({ offlineEnrolmentAllowed }) => offlineEnrolmentAllowed);

/** Shown at both planes when someone tries to enrol a plane of such a model by file. */
export function offlineEnrolmentProblem(model: DeploymentModel): string {
  return (
    `A plane of the model ${model} needs a connection to the Control Plane and cannot enrol by file. ` +
    'Start it without ATLAS_OFFLINE_MODE to enrol by a call. For a network without outbound access, ' +
    `provision the tenant as ${BY_FILE.join(' or ')}.`
  );
}
