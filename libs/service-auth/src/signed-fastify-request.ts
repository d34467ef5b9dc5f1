import { badSignature } from './signature.errors';
import { type HeaderBag } from './signed-headers';
import { type ReceivedRequest } from './signed-request';

/** What is read of a Fastify request (Nest started with `rawBody: true`). */
export interface SignedFastifyRequest {
  readonly method: string;
  readonly raw: { readonly url?: string };
  readonly headers: HeaderBag;
  readonly rawBody?: Buffer;
  readonly body?: unknown;
}

export function receivedRequestOf(request: SignedFastifyRequest): Omit<ReceivedRequest, 'authority'> {
  const { method, headers } = request;
  return { method, target: request.raw.url ?? '', headers, rawBody: rawBodyOf(request) };
}

/**
 * No raw body is an empty body only when nothing was sent and nothing was parsed. Fastify's own text/plain parser, for
 * one, keeps no bytes: taken as empty, a body could be slipped under a signature that covers none.
 */
function rawBodyOf({ rawBody, body, headers }: SignedFastifyRequest): Buffer {
  if (rawBody) return rawBody;
  const isBodySent = (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
  if (isBodySent || (body !== undefined && body !== null)) {
    throw badSignature('The body could not be checked: its content type is not one that signed calls use.');
  }
  return Buffer.alloc(0);
}
