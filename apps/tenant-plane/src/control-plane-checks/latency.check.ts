import { type Check, bad, followUp, good } from './check';
import { isProven } from './probe';

const LIMIT_MS = 2000;

/**
 * Whether signed calls are fast enough. Most user requests do not wait for such calls, but AI requests and
 * changes to tenants do.
 */
export const latencyCheck: Check = {
  name: 'latency',
  fixOfSilence: 'First fix what the dns, tls and signature checks report.',
  async run({ probe }) {
    const found = await probe();
    if (!isProven(found))
      return followUp('Unknown, because the call did not get through', latencyCheck.fixOfSilence);
    const detail = `${found.roundTripMs} ms for a signed call`;
    return found.roundTripMs <= LIMIT_MS
      ? good(detail)
      : bad(
          `${detail}; it should take at most ${LIMIT_MS} ms`,
          'Users are still served. Ask your network team what slows down calls to the Control Plane, ' +
            'such as a proxy that inspects TLS, a VPN or a saturated line.',
        );
  },
};
