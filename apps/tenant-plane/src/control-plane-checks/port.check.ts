import { once } from 'node:events';
import { connect } from 'node:net';
import { FREE_THE_PORT, namedListener } from '@atlas/platform';
import { type Check, bad, good } from './check';
import { localHost } from './running-plane';

/**
 * Whether the plane can listen at its port. It is called,
 * not taken: a plane that starts meanwhile is not disturbed.
 */
export const portCheck: Check = {
  name: 'port',
  isForPreflightOnly: true,
  isLocal: true,
  fixOfSilence: 'Look at HOST: it has to be an address of this machine.',
  async run({ config: { HOST, PORT }, running }) {
    if (PORT === 0) return good('Any that is free');
    if (!(await isTaken(localHost(HOST), PORT))) return good(`${PORT} is free`);
    return (await running())?.port === PORT
      ? good(`${PORT} is in use by this plane`)
      : bad(`Port ${PORT} is in use by another process${namedListener(PORT)}`, `${FREE_THE_PORT}.`);
  },
};

async function isTaken(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
