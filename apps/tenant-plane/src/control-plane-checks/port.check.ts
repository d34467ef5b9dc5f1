import { FREE_THE_PORT, namedListener } from '@atlas/platform';
import { isTaken } from '../egress/own-machine';
import { type Check, bad, good } from './check';
import { localHost } from './running-plane';

/**
 * Whether the plane can listen on its port. Connects to the port instead of binding it, so as not to disturb
 * a plane that is starting.
 */
export const portCheck: Check = {
  name: 'port',
  isForPreflightOnly: true,
  isLocal: true,
  fixOfSilence: 'Check HOST: it must be an address of this machine.',
  async run({ config: { HOST, PORT }, running }) {
    if (PORT === 0) return good('Any free port');
    if (!(await isTaken(localHost(HOST), PORT))) return good(`${PORT} is free`);
    return (await running())?.port === PORT
      ? good(`${PORT} is in use by this plane`)
      : bad(`Port ${PORT} is in use by another process${namedListener(PORT)}`, `${FREE_THE_PORT}.`);
  },
};
