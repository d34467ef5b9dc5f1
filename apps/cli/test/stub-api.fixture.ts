import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';

export interface StubAnswer {
  readonly status?: number;
  /** An object is sent as JSON, and a string unchanged. */
  readonly body?: unknown;
  /** Raw server-sent events. Afterwards the connection is closed or, if `breaks` is set, reset. */
  readonly stream?: string;
  readonly breaks?: boolean;
  /** Never responds. */
  readonly hangs?: boolean;
}

interface Asked {
  readonly call: string;
  readonly body: unknown;
  readonly key?: string;
  readonly lastEventId?: string;
}

/**
 * Stands in for the Control Plane, to drop connections or to respond in ways that a real one does not. Each
 * call gets the next prepared response. The last response is repeated.
 */
export class StubApi {
  answers: Record<string, StubAnswer[]> = {};
  readonly calls: Asked[] = [];
  url = '';
  private readonly server: Server = createServer((request, response) => void this.answer(request, response));

  static async start(): Promise<StubApi> {
    const stub = new StubApi();
    stub.server.listen(0, '127.0.0.1');
    await once(stub.server, 'listening');
    stub.url = `http://127.0.0.1:${(stub.server.address() as AddressInfo).port}`;
    return stub;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = `${request.method} ${request.url}`;
    const asked = await text(request);
    const { authorization: key, 'last-event-id': lastEventId } = request.headers;
    this.calls.push({
      call,
      body: asked === '' ? null : JSON.parse(asked),
      ...(key && { key }),
      ...(typeof lastEventId === 'string' && { lastEventId }),
    });
    const prepared = this.answers[call] ?? [];
    const {
      status = 200,
      body,
      stream,
      breaks,
      hangs,
    } = (prepared.length > 1 ? prepared.shift() : prepared[0]) ?? {
      status: 404,
      body: { code: 'not_found', detail: 'It does not exist.' },
    };
    if (hangs) return;
    const type = stream === undefined ? 'application/json' : 'text/event-stream';
    response.writeHead(status, { 'content-type': type });
    const sent = stream ?? (typeof body === 'string' ? body : (JSON.stringify(body) ?? ''));
    // Sends the response in pieces, because a network may deliver it that way.
    for (const piece of sent.match(/[^]{1,50}/g) ?? []) {
      response.write(piece);
      await setImmediate();
    }
    if (breaks) response.destroy();
    else response.end();
  }
}
