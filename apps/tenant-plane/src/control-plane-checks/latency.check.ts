import { type Check, bad, followUp, good } from './check';
import { isProven } from './probe';

const LIMIT_MS = 2000;

/** How long a signed call takes. Users' requests do not wait for one, but changes and AI answers do. */
export const latencyCheck: Check = {
  name: 'latency',
  fixOfSilence: 'First fix what dns, tls and signature report.',
  async run({ probe }) {
    const found = await probe();
    if (!isProven(found)) return followUp('Unknown: the call did not get through', latencyCheck.fixOfSilence);
    const detail = `${found.roundTripMs} ms for a signed call`;
    return found.roundTripMs <= LIMIT_MS
      ? good(detail)
      : bad(
          `${detail}; it should take at most ${LIMIT_MS} ms`,
          'Users are still served. Ask your network team what slows down calls to the Control ' +
            'Plane: a proxy that inspects TLS, a VPN, a saturated line.',
        );
  },
};
