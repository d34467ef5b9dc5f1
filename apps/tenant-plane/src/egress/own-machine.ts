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

/** The status of the answer; null if there is none. */
export function statusAt(url: string, signal: AbortSignal): Promise<number | null> {
  return fetch(url, { signal, redirect: 'error' }).then(
    ({ status }) => status,
    () => null,
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
