/**
 * Sent with every signed response, for people to read. Nothing depends on it, so the signature need not cover
 * it.
 */
export const CONTROL_PLANE_VERSION_HEADER = 'x-atlas-version';

/**
 * Why a tenant plane of version `theirs` does not work with a Control Plane of version `ours`, or null if it
 * does: the major versions must match, and the tenant plane must not be newer.
 */
export function versionSkewProblem(theirs: string, ours: string): string | null {
  const [plane, control] = [parse(theirs), parse(ours)];
  if (!plane || !control) return `"${theirs}" is not a version like ${ours}`;
  if (plane[0] !== control[0]) return `major version ${plane[0]} does not work with Control Plane ${ours}`;
  return compareVersions(theirs, ours) > 0
    ? `${theirs} is newer than the Control Plane (${ours}): upgrade the Control Plane first`
    : null;
}

/** The oldest version of tenant planes that works with a Control Plane of version `ours`. */
export function supportedFrom(ours: string): string {
  return `${parse(ours)?.[0] ?? 0}.0.0`;
}

/** Negative if `one` is older than `other`. Ignores anything after the three numbers. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [parse(one) ?? [0, 0, 0], parse(other) ?? [0, 0, 0]];
  const differences = left.map((part, index) => part - (right[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

/** How many versions behind, of the first of the three numbers that differs. */
export interface VersionGap {
  readonly unit: 'major' | 'minor' | 'patch';
  readonly count: number;
}

/** How far `one` is behind `latest`; null if it is not. */
export function versionGap(one: string, latest: string): VersionGap | null {
  const [left, right] = [parse(one), parse(latest)];
  if (!left || !right || compareVersions(one, latest) >= 0) return null;
  const index = left.findIndex((part, at) => part !== right[at]);
  const unit = (['major', 'minor', 'patch'] as const)[index] ?? 'patch';
  return { unit, count: (right[index] ?? 0) - (left[index] ?? 0) };
}

function parse(version: string): number[] | null {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version);
  return match ? match.slice(1).map(Number) : null;
}
