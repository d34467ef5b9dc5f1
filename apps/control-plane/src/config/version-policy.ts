import { type VersionClass } from '@atlas/operator-api';
import { compareVersions, versionSkewProblem } from '@atlas/plane-contract';

/** The Control Plane's own version; tenant planes of the same major version, and none newer, may enrol. */
export const CONTROL_PLANE_VERSION = '0.1.0';

/** Says what is wrong with a tenant plane's version, or null. */
export function versionProblem(version: string, own = CONTROL_PLANE_VERSION): string | null {
  return versionSkewProblem(version, own);
}

/** How a plane's version stands to ours. */
export function versionClassOf(version: string, own = CONTROL_PLANE_VERSION): VersionClass {
  if (versionProblem(version, own) !== null) return 'unsupported';
  return isBehind(version, own) ? 'behind' : 'current';
}

export function isBehind(version: string, other: string): boolean {
  return compareVersions(version, other) < 0;
}
