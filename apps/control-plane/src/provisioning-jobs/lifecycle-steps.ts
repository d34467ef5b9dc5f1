import {
  type DeploymentModel,
  type LifecycleOperation,
  profileOf,
  REOPENING_STEPS,
} from '@atlas/deployment-profiles';
import { type JobParams } from '@atlas/jobs';

/** The parameter of a move back that reopens the copy kept at the old home. */
export const REOPENS = { reopens: true } as const;

/** The names of a job's steps, in order. */
export function lifecycleSteps(
  model: DeploymentModel,
  operation: LifecycleOperation,
  params: JobParams,
): readonly string[] {
  return isReopening(params) ? REOPENING_STEPS : profileOf(model).lifecycle[operation];
}

export function isReopening({ reopens }: JobParams): boolean {
  return reopens === true;
}
