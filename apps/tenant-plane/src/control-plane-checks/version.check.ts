import { versionSkewProblem } from '@atlas/plane-contract';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { ControlPlaneRefused } from '../control-plane-client/control-plane.errors';
import { type Check, bad, followUp, good } from './check';

const INSTALL = 'Install the tenant plane version that Atlas specifies for your Control Plane.';

/** Whether the Control Plane supports this version of the tenant plane. */
export const versionCheck: Check = {
  name: 'version',
  fixOfSilence: 'First fix what the signature check reports.',
  async run({ probe }) {
    const { error, controlPlaneVersion: theirs } = await probe();
    if (error instanceof ControlPlaneRefused && error.code === 'version_unsupported')
      return bad(error.message, INSTALL);
    if (theirs === undefined)
      return followUp(
        'Unknown, because the Control Plane did not state its version',
        'First fix what the signature and token checks report.',
      );
    const problem = versionSkewProblem(TENANT_PLANE_VERSION, theirs);
    return problem === null
      ? good(`Tenant plane ${TENANT_PLANE_VERSION} works with Control Plane ${theirs}`)
      : bad(problem, INSTALL);
  },
};
