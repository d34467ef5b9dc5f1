/** The Control Plane's own version; tenant planes of the same major version, and none newer, may enrol. */
export const CONTROL_PLANE_VERSION = '0.1.0';

/** Says what is wrong with a tenant plane's version, or null. */
export function versionProblem(version: string, own = CONTROL_PLANE_VERSION): string | null {
  const [theirs, ours] = [parse(version), parse(own)];
  if (!theirs || !ours) return `"${version}" is not a version like ${own}`;
  if (theirs[0] !== ours[0]) return `major version ${theirs[0]} does not work with Control Plane ${own}`;
  const isNewer = theirs[1] > ours[1] || (theirs[1] === ours[1] && theirs[2] > ours[2]);
  return isNewer
    ? `${version} is newer than the Control Plane (${own}): upgrade the Control Plane first`
    : null;
}

function parse(version: string): [number, number, number] | null {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : null;
}
