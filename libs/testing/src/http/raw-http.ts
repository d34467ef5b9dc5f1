import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 if the connection was closed without a response. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends text verbatim, and returns everything received until the server closes the connection. */
export async function sendRaw(url: string, text: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  // The server may reset the connection before it has read everything.
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body };
}
