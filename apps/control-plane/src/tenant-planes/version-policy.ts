import { versionSkewProblem } from '@atlas/plane-contract';

/** The Control Plane's own version; tenant planes of the same major version, and none newer, may enrol. */
export const CONTROL_PLANE_VERSION = '0.1.0';

/** Says what is wrong with a tenant plane's version, or null. */
export function versionProblem(version: string, own = CONTROL_PLANE_VERSION): string | null {
  return versionSkewProblem(version, own);
}
