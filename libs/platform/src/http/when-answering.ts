import { type ServerResponse } from 'node:http';

/**
 * Calls `then`, perhaps several times, when the response's headers are sent, or when the connection closes or
 * has closed before that. Node calls `writeHead` itself if nothing else does.
 */
export function whenAnswering(response: ServerResponse, then: () => void): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    then();
    return writeHead(...args);
  };
  if (response.closed) then();
  else response.once('close', then);
}
