import { type DeploymentModel } from '@atlas/tenancy';

/** Told at both ends, to whoever would have a plane of such a model enrol by file. */
export function offlineEnrolmentProblem(model: DeploymentModel): string {
  return `A plane of the model ${model} needs a way to the Control Plane and does not enrol by file. Start it without ATLAS_OFFLINE_MODE, and it enrols by a call; for a network without a way out, order the tenant as on_prem.`;
}
