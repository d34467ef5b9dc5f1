import { headerNotAllowed, outboundFailed, outboundUrl } from '@atlas/platform';

export interface OutboundRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** For the whole call, including redirects and the body of the response. */
  readonly timeoutMs: number;
  /** The maximum size of the response's body, both as received and after decompression. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  /**
   * Called before anything is sent to an address, which may be one that a server redirects to. If the call
   * fails before that, nobody has received the request.
   */
  readonly onSending?: (url: URL) => void;
  /** Called with the status of the response, before its body is read. */
  readonly onStatus?: (status: number) => void;
}

export interface OutboundResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly body: Buffer;
}

/** A response whose body is read while it arrives. */
export interface OutboundStream extends Omit<OutboundResponse, 'body'> {
  /** Empty unless the status is 200. Throws what `fetch` throws. */
  readonly parts: AsyncIterable<Uint8Array>;
}

/** A request to one address, without its limits. */
export interface Hop extends Pick<OutboundRequest, 'method' | 'body'> {
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers that follow from the request, or that concern only one connection (RFC 9110, section 7.6.1). */
const OWN_HEADERS = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** The headers that another origin may see. Any other may contain a credential. */
const HARMLESS_HEADERS = ['accept', 'accept-language', 'content-type', 'user-agent'];
const REDIRECTS = [301, 302, 303, 307, 308];
const REPEATS = [307, 308];

/** Throws `address_not_allowed` or `header_not_allowed`. */
export function firstHop({
  method,
  url,
  headers = {},
  body,
}: Pick<OutboundRequest, 'method' | 'url' | 'headers' | 'body'>): Hop {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name] of named) if (OWN_HEADERS.includes(name)) throw headerNotAllowed(name);
  return { method, url: outboundUrl(url), headers: Object.fromEntries(named), body };
}

/** Null if the response is not a redirect. */
export function nextHop(hop: Hop, status: number, location: string | undefined): Hop | null {
  if (!REDIRECTS.includes(status) || location === undefined) return null;
  const url = outboundUrl(location, hop.url);
  const isSameOrigin = url.origin === hop.url.origin;
  const headers = isSameOrigin ? hop.headers : harmless(hop.headers);
  const isRepeated = REPEATS.includes(status) || hop.method === 'GET' || hop.method === 'HEAD';
  if (!isRepeated) return { method: 'GET', url, headers: without('content-type', headers) };
  // The body may contain a credential.
  if (!isSameOrigin && hop.body !== undefined)
    throw outboundFailed(hop.url.host, `it redirects a request with a body to another origin (${url.host})`);
  return { ...hop, url, headers };
}

function without(name: string, headers: Hop['headers']): Hop['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name));
}

function harmless(headers: Hop['headers']): Hop['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS_HEADERS.includes(name)));
}
