import { randomBytes } from 'node:crypto';
import { type SecretText } from '@atlas/platform/secret';
import { contentDigest } from './content-digest';
import { faultOf, requestComponents, type RequestParts } from './request-components';
import { writeSignatureFields } from './signature-fields';
import { isKeyId, isNonce, REQUEST_TAG, unixSeconds } from './signature-parameters';
import { type SignedHeaders } from './signed-headers';

export interface RequestToSign {
  /** In upper case, as sent. */
  readonly method: string;
  readonly url: URL;
  readonly body?: Buffer | string;
  readonly tenantId?: string;
  readonly keyId: string;
  /** The complete value of `INTERNAL_SERVICE_SECRET`. */
  readonly secret: SecretText;
  readonly now: Date;
  /** 16 to 128 printable ASCII characters, never used before; random if omitted. */
  readonly nonce?: string;
}

/**
 * The headers that make a request to the Control Plane a signed call (RFC 9421, RFC 9530), including
 * `x-tenant-id`. Send them with exactly this method, URL and body. Throws a TypeError for anything that the
 * other side could not verify.
 */
export function signRequest(request: RequestToSign): SignedHeaders {
  const nonce = request.nonce ?? randomBytes(18).toString('base64url');
  if (!isNonce(nonce)) throw new TypeError('A nonce must have 16 to 128 characters');
  if (!isKeyId(request.keyId)) throw new TypeError('A key id must have 1 to 64 characters');
  const parts = partsOf(request);
  const parameters = new Map<string, string | number>([
    ['created', unixSeconds(request.now)],
    ['nonce', nonce],
    ['keyid', request.keyId],
    ['tag', REQUEST_TAG],
  ]);
  return {
    'content-digest': parts.contentDigest,
    ...(parts.tenantId !== undefined && { 'x-tenant-id': parts.tenantId }),
    ...writeSignatureFields(requestComponents(parts), parameters, request.secret),
  };
}

/** Path and query as fetch and http.request write them to the request line for this URL. */
function partsOf({ method, url, body, tenantId }: RequestToSign): RequestParts {
  const target = url.pathname + url.search;
  const parts = { method, authority: url.host, target, contentDigest: contentDigest(body ?? ''), tenantId };
  const fault = faultOf(parts);
  if (fault !== null) throw new TypeError(fault);
  return parts;
}
