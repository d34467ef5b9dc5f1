import { Agent, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { type ProbeRequest } from './requests';

export interface Reply {
  /** 0 if there was no response. `text` then says why. */
  readonly status: number;
  readonly text: string;
  /** The id of the request in the plane's log. */
  readonly traceId?: string;
}

/** A request to send. Unlike a probe, it may contain bytes. */
export interface SentRequest extends Omit<ProbeRequest, 'body'> {
  readonly body?: string | Uint8Array;
}

interface SenderOptions {
  readonly patienceMs?: number;
  /** How many requests are sent at a time. */
  readonly maxSockets?: number;
}

const STREAM = 'text/event-stream';
const PATIENCE_MS = 30_000;
const MAX_SOCKETS = 16;

/**
 * Sends every request to the same plane. An ordinary client would connect to the host that the request names.
 */
export class Sender {
  private readonly agent: Agent | TlsAgent;
  private readonly patienceMs: number;

  constructor(
    private readonly planeUrl: string,
    { patienceMs = PATIENCE_MS, maxSockets = MAX_SOCKETS }: SenderOptions = {},
  ) {
    this.patienceMs = patienceMs;
    const isTls = planeUrl.startsWith('https:');
    this.agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true, maxSockets });
  }

  send({ method, target, host, headers, body }: SentRequest): Promise<Reply> {
    const url = new URL(target, this.planeUrl);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve) => {
      const failed = (error: Error): void => resolve({ status: 0, text: error.message || String(error) });
      const request = send(
        {
          agent: this.agent,
          method,
          hostname: url.hostname,
          port: url.port,
          path: target,
          servername: url.hostname,
          timeout: this.patienceMs,
          headers: { ...headers, ...length, host: host ?? url.host },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          const traceId = response.headers['x-trace-id']?.toString();
          // An event stream may stay open. The first events name the object.
          if (response.headers['content-type'] === STREAM)
            response.once('data', () => {
              resolve({ status: response.statusCode ?? 0, text, traceId });
              request.destroy();
            });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text, traceId }));
          response.on('error', failed);
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no response within ${this.patienceMs} ms`)));
      request.on('error', failed);
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
