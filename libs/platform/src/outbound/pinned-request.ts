import { type LookupAddress } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type LookupFunction, isIP } from 'node:net';
import { type OutboundNetwork } from './outbound-network';
import { addressNotAllowed, outboundTimeout } from './outbound.errors';

const CONNECT_MS = 10_000;
const MAX_HEADER_BYTES = 16_384;

export interface PinnedRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer | undefined;
  readonly signal: AbortSignal;
  /** Called before anything is sent. */
  readonly onSending?: (() => void) | undefined;
}

/** Every address of a URL's host. Rejects with an error of the network, or with the signal's reason. */
export async function resolveHost(
  network: OutboundNetwork,
  { hostname }: URL,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  const name = hostname.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0) return [{ address: name, family: isIP(name) }];
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    network.lookup(name, { all: true }, (error, addresses) => {
      signal.removeEventListener('abort', end);
      if (error) reject(error);
      else resolve(addresses);
    });
  });
}

/**
 * Throws `address_not_allowed` if one of the addresses is not on the internet. One is enough, because a
 * connection may go to any of them.
 */
export function requirePublic(
  network: OutboundNetwork,
  { host }: URL,
  addresses: readonly LookupAddress[],
): void {
  if (addresses.every(({ address }) => network.isPublic(address))) return;
  throw addressNotAllowed(host, 'it is not on the internet. Use an address that anyone can reach');
}

/**
 * Sends a request to one of the addresses, which the caller has checked, without resolving the host again.
 * Follows no redirect. Rejects with an error of the network, with `outbound_timeout` if the connection takes
 * more than 10 s, or with the signal's reason.
 */
export function sendTo(
  addresses: readonly LookupAddress[],
  { url, method, headers, body, signal, onSending }: PinnedRequest,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      headers,
      signal,
      // A pooled connection may lead to an address that was checked for another call.
      agent: false,
      lookup: answering(addresses),
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    const tooLate = setTimeout(() => sent.destroy(outboundTimeout(url.host, CONNECT_MS)), CONNECT_MS);
    sent.once('socket', (socket) =>
      socket.once(readyEvent(url), () => {
        clearTimeout(tooLate);
        onSending?.();
      }),
    );
    // A server may switch protocols or close the connection instead of answering. Once there is a response,
    // rejecting changes nothing.
    sent.once('close', () => {
      clearTimeout(tooLate);
      reject(Object.assign(new Error('The server closed the connection.'), { code: 'ECONNRESET' }));
    });
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A lookup that answers with addresses that were already checked. */
function answering(addresses: readonly LookupAddress[]): LookupFunction {
  return (_name, { all }, answer) => {
    const [first] = addresses;
    if (all === true) answer(null, [...addresses]);
    else answer(null, first?.address ?? '', first?.family);
  };
}

function readyEvent({ protocol }: URL): 'connect' | 'secureConnect' {
  return protocol === 'https:' ? 'secureConnect' : 'connect';
}
