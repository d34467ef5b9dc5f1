import { type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

/** Calls `then` when the response's headers are written. Node calls `writeHead` if nothing else does. */
export function whenAnswering(response: ServerResponse, then: () => void): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    then();
    return writeHead(...args);
  };
}

const CLOSING = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `then` when the connection closes, or at once if it has. A response's own `close` event is not
 * enough, because Node never emits it for a pipelined request whose turn has not come. Returns what forgets
 * `then`.
 */
export function whenClosed(socket: Socket, then: () => void): () => void {
  if (socket.destroyed) {
    then();
    return () => undefined;
  }
  let waiting = CLOSING.get(socket);
  if (!waiting) {
    const all = (waiting = new Set());
    CLOSING.set(socket, all);
    socket.once('close', () => all.forEach((one) => one()));
  }
  waiting.add(then);
  return () => waiting.delete(then);
}
