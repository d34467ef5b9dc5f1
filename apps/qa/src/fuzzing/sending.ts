import { Agent, request } from 'node:http';
import { type FuzzAnswer } from './answers';
import { type FuzzRequest } from './requests';

/** The media type of an event stream, which the server does not close. */
const STREAM = 'text/event-stream';

/** Sends requests exactly as they are, even if they are malformed. */
export class FuzzSender {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly url: string) {}

  send({ method, target, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
    const { hostname, port } = new URL(this.url);
    return new Promise((resolve) => {
      const cutOff = (error: Error): void => resolve({ status: 0, type: '', text: error.message });
      const length: Record<string, string> = body.length > 0 ? { 'content-length': String(body.length) } : {};
      const call = request(
        {
          hostname,
          port,
          method,
          path: target,
          agent: this.agent,
          headers: asBytes({ ...length, ...headers }),
        },
        (answer) => {
          const { statusCode: status = 0, headers: answered } = answer;
          const type = answered['content-type'] ?? '';
          if (type.startsWith(STREAM)) {
            call.destroy();
            resolve({ status, type, text: '' });
            return;
          }
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => resolve({ status, type, text: Buffer.concat(chunks).toString() }));
          answer.on('error', cutOff);
        },
      );
      call.on('error', cutOff);
      call.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Node writes header values as Latin-1, so each UTF-8 byte is passed as a Latin-1 character. */
function asBytes(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
  );
}
