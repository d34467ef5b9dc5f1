import { once } from 'node:events';
import { connect } from 'node:net';

/** A request exactly as it is sent. An HTTP client would normalise it. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** `name: value`, in order. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export function bytesOf({ method, target, headers, body }: RawRequest): string {
  return [`${method} ${target} HTTP/1.1`, ...headers, '', body].join('\r\n');
}

/** Sends these bytes (one per character), and returns all responses until the server disconnects. */
export async function answersTo(serverUrl: string, bytes: string): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(serverUrl);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((answer) => answer !== '')
    .map(parsed);
}

function parsed(answer: string): RawAnswer {
  const end = answer.indexOf('\r\n\r\n');
  return { status: Number(answer.slice(9, 12)), head: answer.slice(0, end), body: answer.slice(end + 4) };
}
