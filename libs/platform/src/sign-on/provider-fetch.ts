import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { type CustomFetch } from 'openid-client';
import { isPlainHttp } from '../http/loopback';
import { PrivateAddress, isPublicAddress, lookupPublic } from './public-addresses';

/** A provider's metadata, keys and tokens take only a few kilobytes. */
const MAX_ANSWER_BYTES = 512 * 1024;

/** The provider cannot be reached. The message tells operators why. */
export class ProviderUnreachable extends Error {}

/**
 * Called before a provider is called. Throws if the call must not be made. What it returns is called once the
 * call is connected, before anything is sent.
 */
export type AdmitCall = (call: { readonly url: URL; readonly form: string }) => Promise<() => void>;

/**
 * Calls a provider over https (plain http only on this machine), on a new connection, without following
 * redirects, and limits the size of the response. `publicOnly` allows only the public internet, for URLs from
 * someone who must not probe our network.
 */
export function providerFetch(publicOnly: boolean, admit?: AdmitCall): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    const target = new URL(url);
    refuse(target, publicOnly);
    const onSending = await admit?.({ url: target, form: textOf(body) ?? '' });
    try {
      const answer = await send(target, { method, headers, signal, publicOnly, onSending }, textOf(body));
      return await responseOf(answer);
    } catch (error) {
      throw new ProviderUnreachable(`${target.origin}: ${reasonOf(error)}`, { cause: error });
    }
  };
}

interface Sending {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  readonly publicOnly: boolean;
  readonly onSending: (() => void) | undefined;
}

/** An IP address in the URL needs no lookup, so it is checked here. */
function refuse({ href, hostname, origin }: URL, publicOnly: boolean): void {
  if (isPlainHttp(href)) throw new ProviderUnreachable(`${origin}: must be https`);
  const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  if (publicOnly && isAddress && !isPublicAddress(hostname))
    throw new ProviderUnreachable(new PrivateAddress(hostname).message);
}

function send(target: URL, sending: Sending, body: string | undefined): Promise<IncomingMessage> {
  const { method, headers, signal, publicOnly, onSending } = sending;
  const readyEvent = target.protocol === 'https:' ? 'secureConnect' : 'connect';
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    request(target, {
      method,
      headers,
      signal,
      agent: false,
      ...(publicOnly && { lookup: lookupPublic }),
    })
      .once('socket', (socket) => socket.once(readyEvent, () => onSending?.()))
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });
}

async function responseOf(answer: IncomingMessage): Promise<Response> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('its response is too long');
    parts.push(part);
  }
  const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const status = answer.statusCode ?? 0;
  const content = [204, 205, 304].includes(status) ? null : Buffer.concat(parts);
  return new Response(content, { status, headers });
}

function textOf(body: unknown): string | undefined {
  return body === undefined || body === null ? undefined : String(body as string | URLSearchParams);
}

function reasonOf(error: unknown): string {
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  if (name === 'TimeoutError' || name === 'AbortError') return 'did not respond in time';
  return message || code || 'cannot be reached';
}
