import { isIP } from 'node:net';
import { type Check, bad, good } from './check';
import { codeOf, hostOf, networkFix, portOf } from './network-advice';

const ASK = 'Ask your network team why name resolution does not work on this machine.';

/** Whether the Control Plane's name resolves, using the same lookup as the calls themselves. */
export const dnsCheck: Check = {
  name: 'dns',
  fixOfSilence:
    "This machine's DNS server does not answer. Check /etc/resolv.conf, then ask your network team.",
  async run({ controlPlane, egress }) {
    const host = hostOf(controlPlane);
    if (isIP(host)) return good(`${host} is an IP address, so there is nothing to resolve`);
    try {
      const found = await egress.addressesOf(host);
      return good(`${host} resolves to ${found.join(', ')}`);
    } catch (error) {
      const code = codeOf(error);
      return bad(`${host} can't be resolved (${code})`, networkFix(code, host, portOf(controlPlane)) ?? ASK);
    }
  },
};
