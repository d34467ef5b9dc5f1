import { type Check, bad, followUp, good } from './check';
import { isProven } from './probe';

const LIMIT_MS = 2000;

/** How long a signed call takes. No request of a user waits for one, but changes and AI answers do. */
export const latencyCheck: Check = {
  name: 'latency',
  fixOfSilence: 'First mend what dns, tls and signature say.',
  async run({ probe }) {
    const found = await probe();
    if (!isProven(found))
      return followUp('Not known: the call did not get through', latencyCheck.fixOfSilence);
    const detail = `${found.roundTripMs} ms for a signed call`;
    return found.roundTripMs <= LIMIT_MS
      ? good(detail)
      : bad(
          `${detail}; up to ${LIMIT_MS} ms are well`,
          'Users are served all the same. Ask your network team what slows calls to the Control ' +
            'Plane down: a proxy that inspects TLS, a VPN, a full line.',
        );
  },
};
