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
 * Whether the secret is the one that the Control Plane has: our call is believed there, and its answer here.
 */
export const signatureCheck: Check = {
  name: 'signature',
  fixOfSilence:
    'First mend what dns and tls say; if both are well, ask Atlas whether the Control Plane is up.',
  async run({ probe, config, controlPlane }) {
    const found = await probe();
    const { error } = found;
    if (error === undefined)
      return good('INTERNAL_SERVICE_SECRET is the right one, and the answer is signed with it');
    if (isProven(found)) return good('INTERNAL_SERVICE_SECRET is the right one');
    const fix = fixOf(error, config, controlPlane);
    // The clock check tells of a clock, dns and tls of a way that is not there.
    const isTold = error instanceof ControlPlaneUnreachable || isClockSkew(error);
    const { message } = error as Error;
    if (isTold) return followUp(message, fix);
    return bad(error instanceof ControlPlaneRefused ? refusedFor(error) : message, fix);
  },
};

const PROXY =
  'Ask your network team for a way to the Control Plane on which no proxy changes or answers HTTPS calls.';

function fixOf(error: unknown, config: TenantPlaneConfig, url: URL): string {
  if (error instanceof AnswerNotTrusted)
    return (
      'Either INTERNAL_SERVICE_SECRET is not the one of the newest install bundle, or a proxy changes ' +
      `answers. ${PROXY}`
    );
  if (error instanceof ControlPlaneRefused) {
    if (NOT_THE_CONTROL_PLANE.includes(error.code))
      return `That was not the Control Plane: look at CONTROL_PLANE_BASE_URL. If it is right: ${PROXY}`;
    if (error.status >= 500) return 'Ask Atlas whether the Control Plane is well.';
    return error.code === 'bad_signature' ? rightSecret(config) : adviceOn(error, config);
  }
  return networkFix(codeOf(error), hostOf(url), portOf(url)) ?? signatureCheck.fixOfSilence;
}
