import { compareVersions, versionSkewProblem } from '@atlas/plane-contract';

/** The Control Plane's own version; tenant planes of the same major version, and none newer, may enrol. */
export const CONTROL_PLANE_VERSION = '0.1.0';

/** What may be asked for: it names a folder, or the tag of an image. */
export const VERSION_PATTERN = /^\d{1,6}\.\d{1,6}\.\d{1,6}(-[0-9A-Za-z.-]{1,40})?$/;

/** `unsupported` planes serve on, and are told apart so that somebody upgrades them, or the Control Plane. */
export type VersionClass = 'current' | 'behind' | 'unsupported';

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
