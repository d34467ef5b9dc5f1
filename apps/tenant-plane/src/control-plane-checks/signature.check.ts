import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import {
  AnswerNotTrusted,
  ControlPlaneRefused,
  ControlPlaneUnreachable,
} from '../control-plane-client/control-plane.errors';
import { adviceOn, refusedFor, rightSecret } from '../control-plane-client/refusal-advice';
import { type Check, bad, followUp, good } from './check';
import { codeOf, hostOf, networkFix, portOf } from './network-advice';
import { NOT_THE_CONTROL_PLANE, isClockSkew, isProven } from './probe';

/**
 * Whether both sides have the same secret, so that the Control Plane accepts our call and we accept its
 * response.
 */
export const signatureCheck: Check = {
  name: 'signature',
  fixOfSilence:
    'First fix what the dns and tls checks report. If both pass, ask Atlas whether the Control Plane is up.',
  async run({ probe, config, controlPlane }) {
    const found = await probe();
    const { error } = found;
    if (error === undefined)
      return good('INTERNAL_SERVICE_SECRET is correct, and the response is signed with it');
    if (isProven(found)) return good('INTERNAL_SERVICE_SECRET is correct');
    const fix = fixOf(error, config, controlPlane);
    // The clock check reports a wrong clock; dns and tls report a missing connection.
    const isReportedElsewhere = error instanceof ControlPlaneUnreachable || isClockSkew(error);
    const { message } = error as Error;
    if (isReportedElsewhere) return followUp(message, fix);
    return bad(error instanceof ControlPlaneRefused ? refusedFor(error) : message, fix);
  },
};

const PROXY =
  'Ask your network team for a path to the Control Plane on which no proxy alters or answers HTTPS calls.';

function fixOf(error: unknown, config: TenantPlaneConfig, url: URL): string {
  if (error instanceof AnswerNotTrusted)
    return (
      'Either INTERNAL_SERVICE_SECRET is not the one from the newest install bundle, or a proxy alters ' +
      `responses. ${PROXY}`
    );
  if (error instanceof ControlPlaneRefused) {
    if (NOT_THE_CONTROL_PLANE.includes(error.code))
      return (
        'The response is not from the Control Plane. Check CONTROL_PLANE_BASE_URL. If it is correct: ' +
        `${PROXY}`
      );
    if (error.status >= 500) return 'Ask Atlas whether the Control Plane is healthy.';
    return error.code === 'bad_signature' ? rightSecret(config) : adviceOn(error, config);
  }
  return networkFix(codeOf(error), hostOf(url), portOf(url)) ?? signatureCheck.fixOfSilence;
}
