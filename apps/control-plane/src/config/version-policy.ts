import { type VersionClass } from '@atlas/operator-api';
import { compareVersions, versionSkewProblem } from '@atlas/plane-contract';

/**
 * The Control Plane's own version. A tenant plane may
 * enrol if it has the same major version and is not newer.
 */
export const CONTROL_PLANE_VERSION = '0.1.0';

/** Why a tenant plane of this version does not work with the Control Plane, or null if it does. */
export function versionProblem(version: string, own = CONTROL_PLANE_VERSION): string | null {
  return versionSkewProblem(version, own);
}

/** How a plane's version relates to the Control Plane's. */
export function versionClassOf(version: string, own = CONTROL_PLANE_VERSION): VersionClass {
  if (versionProblem(version, own) !== null) return 'unsupported';
  return isBehind(version, own) ? 'behind' : 'current';
}

export function isBehind(version: string, other: string): boolean {
  return compareVersions(version, other) < 0;
}
