/** Told with every signed answer, for people to read: nothing is decided by it, so the signature need not cover it. */
export const CONTROL_PLANE_VERSION_HEADER = 'x-atlas-version';

/**
 * Says why a tenant plane of version `theirs` does not work with a Control Plane of version `ours`, or null: the major
 * version has to be the same, and the tenant plane not newer.
 */
export function versionSkewProblem(theirs: string, ours: string): string | null {
  const [plane, control] = [parse(theirs), parse(ours)];
  if (!plane || !control) return `"${theirs}" is not a version like ${ours}`;
  if (plane[0] !== control[0]) return `major version ${plane[0]} does not work with Control Plane ${ours}`;
  const isNewer = plane[1] > control[1] || (plane[1] === control[1] && plane[2] > control[2]);
  return isNewer
    ? `${theirs} is newer than the Control Plane (${ours}): upgrade the Control Plane first`
    : null;
}

function parse(version: string): [number, number, number] | null {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : null;
}
