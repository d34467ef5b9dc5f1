import { versionSkewProblem } from '@atlas/plane-contract';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { ControlPlaneRefused } from '../control-plane-client/control-plane.errors';
import { type Check, bad, followUp, good } from './check';

const INSTALL = 'Install the version of the tenant plane that Atlas names for your Control Plane.';

/** Whether the Control Plane works with this version of the tenant plane. */
export const versionCheck: Check = {
  name: 'version',
  fixOfSilence: 'First mend what signature says.',
  async run({ probe }) {
    const { error, controlPlaneVersion: theirs } = await probe();
    if (error instanceof ControlPlaneRefused && error.code === 'version_unsupported')
      return bad(error.message, INSTALL);
    if (theirs === undefined)
      return followUp(
        'Not known: the Control Plane did not get as far',
        'First mend what signature and token say.',
      );
    const problem = versionSkewProblem(TENANT_PLANE_VERSION, theirs);
    return problem === null
      ? good(`Tenant plane ${TENANT_PLANE_VERSION} works with Control Plane ${theirs}`)
      : bad(problem, INSTALL);
  },
};
