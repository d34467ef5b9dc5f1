import { badSignature } from './signature.errors';
import { type HeaderBag } from './signed-headers';
import { type ReceivedRequest } from './signed-request';

/**
 * The parts of a Fastify request that signature verification reads. Start Nest with `rawBody: true`.
 */
export interface SignedFastifyRequest {
  readonly method: string;
  readonly raw: { readonly url?: string };
  readonly headers: HeaderBag;
  readonly rawBody?: Buffer;
  readonly body?: unknown;
}

const NO_BODY = Buffer.alloc(0);

export function receivedRequestOf(request: SignedFastifyRequest): Omit<ReceivedRequest, 'authority'> {
  const { method, headers } = request;
  return { method, target: request.raw.url ?? '', headers, rawBody: rawBodyOf(request) };
}

/**
 * A missing raw body means an empty body only if nothing was sent and nothing was parsed. Fastify's
 * text/plain parser, for example, keeps no bytes. If that counted as empty, a body could be added to a
 * request whose signature covers none.
 */
function rawBodyOf({ rawBody, body, headers }: SignedFastifyRequest): Buffer {
  if (rawBody) return rawBody;
  const isBodySent = (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
  if (isBodySent || (body !== undefined && body !== null)) {
    throw badSignature('The body could not be checked: signed calls do not use its content type.');
  }
  return NO_BODY;
}
