import { type DeploymentModel } from '@atlas/tenancy';

/** Shown at both ends when somebody tries to enrol a plane of such a model by file. */
export function offlineEnrolmentProblem(model: DeploymentModel): string {
  return (
    `A plane of the model ${model} needs a connection to the Control Plane and cannot enrol by file. ` +
    'Start it without ATLAS_OFFLINE_MODE and it enrols by a call; for a network without a way out, ' +
    'order the tenant as on_prem.'
  );
}
