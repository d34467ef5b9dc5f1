import { once } from 'node:events';
import { connect } from 'node:net';

/*
 * Connections to this machine itself, which leave nothing: they find out whether something listens where the
 * plane is meant to listen.
 */

export function answersAt(url: string, signal: AbortSignal): Promise<boolean> {
  return fetch(url, { signal, redirect: 'error' }).then(
    ({ ok }) => ok,
    () => false,
  );
}

export async function isTaken(host: string, port: number): Promise<boolean> {
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
