import { type LookupAddress } from 'node:dns';
import { type IncomingMessage } from 'node:http';
import {
  OutboundNetwork,
  bodyParts,
  networkFailure,
  outboundFailed,
  outboundTimeout,
  readBody,
  requirePublic,
  resolveHost,
  sendTo,
  signalWithin,
} from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Deployment } from '../plane-identity/deployment';
import {
  type Hop,
  type OutboundRequest,
  type OutboundResponse,
  type OutboundStream,
  firstHop,
  nextHop,
} from './outbound-request';

const MAX_REDIRECTS = 5;
const LOOKUP_MS = 5000;

interface Limits extends Pick<OutboundRequest, 'maxBytes' | 'timeoutMs' | 'onSending'> {
  /** Ends the call when its time is over, or when nobody waits for it. */
  readonly signal: AbortSignal;
  readonly encodings: string;
}

const COMPRESSED = 'gzip, deflate, br';

/**
 * Calls addresses that a tenant has configured. On a plane that Atlas runs, only addresses on the internet
 * can be called, so that a tenant cannot reach Atlas's own network. On a customer's plane, any address can be
 * called, even in offline mode, because that mode only ends the calls to the Control Plane.
 *
 * A name is resolved once for each request. All its addresses are checked, and the connection goes to one of
 * them. So an answer that changes between the check and the connection changes nothing.
 */
@Injectable()
export class OutboundHttp {
  constructor(
    private readonly deployment: Deployment,
    private readonly network: OutboundNetwork,
  ) {}

  /**
   * Follows redirects. Throws `address_not_allowed`, `header_not_allowed`, `outbound_timeout`,
   * `outbound_too_large` or `outbound_failed`, or the signal's reason. Call it outside of transactions.
   */
  fetch(asked: OutboundRequest): Promise<OutboundResponse> {
    return this.exchange(asked, COMPRESSED, read);
  }

  /** Like {@link fetch}, but the body is read while it arrives. The limit of time includes it. */
  stream(asked: OutboundRequest): Promise<OutboundStream> {
    return this.exchange(asked, 'identity', ({ url: { host } }, response, limits) => {
      const { statusCode: status = 0 } = response;
      if (status !== 200) response.destroy();
      const parts = status === 200 ? partsOf(response, host, limits, asked.signal) : nothing();
      return { status, headers: headersOf(response), parts };
    });
  }

  private async exchange<T>(
    asked: OutboundRequest,
    encodings: string,
    take: (hop: Hop, response: IncomingMessage, limits: Limits) => Promise<T> | T,
  ): Promise<T> {
    const { timeoutMs, maxBytes, onSending } = asked;
    const within = signalWithin(timeoutMs, ...(asked.signal ? [asked.signal] : []));
    const limits = { timeoutMs, maxBytes, onSending, signal: within, encodings };
    let hop = firstHop(asked);
    for (let redirects = 0; ; redirects += 1) {
      const { host } = hop.url;
      try {
        const response = await this.send(hop, limits);
        const next = nextHop(hop, response.statusCode ?? 0, response.headers.location);
        if (next === null) {
          asked.onStatus?.(response.statusCode ?? 0);
          return await take(hop, response, limits);
        }
        response.destroy();
        if (redirects === MAX_REDIRECTS)
          throw outboundFailed(host, `it redirects more than ${redirects} times`);
        hop = next;
      } catch (error) {
        asked.signal?.throwIfAborted();
        throw within.aborted ? outboundTimeout(host, timeoutMs) : networkFailure(host, error);
      }
    }
  }

  /**
   * Throws `address_not_allowed` and `header_not_allowed`. Call it when a user stores a URL, outside of
   * transactions. A name that cannot be resolved at the moment is accepted, because each call checks the
   * addresses again.
   */
  async requireAllowed(text: string, headers: OutboundRequest['headers'] = {}): Promise<void> {
    const { url } = firstHop({ method: 'GET', url: text, headers });
    if (this.reachesAny) return;
    const found = await resolveHost(this.network, url, signalWithin(LOOKUP_MS)).catch(() => []);
    this.requirePublic(url, found);
  }

  private async send(hop: Hop, { signal, onSending, encodings }: Limits): Promise<IncomingMessage> {
    const { url, method, body } = hop;
    const addresses = await resolveHost(this.network, url, signal);
    this.requirePublic(url, addresses);
    const headers = {
      'user-agent': 'Atlas',
      ...hop.headers,
      'accept-encoding': encodings,
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    };
    return sendTo(addresses, { url, method, headers, body, signal, onSending: () => onSending?.(url) });
  }

  private requirePublic(url: URL, addresses: readonly LookupAddress[]): void {
    if (!this.reachesAny) requirePublic(this.network, url, addresses);
  }

  private get reachesAny(): boolean {
    return this.deployment.profile.outboundAddresses === 'any';
  }
}

async function read(hop: Hop, response: IncomingMessage, limits: Limits): Promise<OutboundResponse> {
  const { statusCode: status = 0 } = response;
  const body = await readBody(response, { ...limits, host: hop.url.host, method: hop.method });
  return { status, headers: headersOf(response), body };
}

async function* partsOf(
  response: IncomingMessage,
  host: string,
  { maxBytes, timeoutMs, signal }: Limits,
  caller: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bodyParts(response, { host, maxBytes });
  } catch (error) {
    caller?.throwIfAborted();
    throw signal.aborted ? outboundTimeout(host, timeoutMs) : networkFailure(host, error);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return Object.fromEntries(entries);
}
