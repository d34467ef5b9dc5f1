import { timingSafeEqual } from 'node:crypto';
import { type SecretText } from '@atlas/platform/secret';
import { contentDigest } from './content-digest';
import {
  faultOf,
  REQUEST_COMPONENTS,
  requestComponents,
  type RequestParts,
  TENANT_COMPONENT,
} from './request-components';
import { hmacSha256, inOrder, signatureBase } from './signature-base';
import { readSignatureFields, type SignatureFields, type SignatureProfile } from './signature-fields';
import { isKeyId, isNonce, isUnixSeconds, REQUEST_TAG } from './signature-parameters';
import { badSignature } from './signature.errors';
import { type HeaderBag } from './signed-headers';
import { singleHeader } from './single-header';

export interface RequestSignature extends SignatureFields {
  readonly keyId: string;
  /** Unix seconds. */
  readonly created: number;
  readonly nonce: string;
}

export interface ReceivedRequest {
  readonly method: string;
  /** The verifier's own public authority (`authorityOf` applied to its public URL), never the Host header. */
  readonly authority: string;
  /** The request line's target exactly as received. */
  readonly target: string;
  readonly headers: HeaderBag;
  readonly rawBody: Buffer;
}

/**
 * A request whose form and digest are valid. Its signature still has to be compared with the HMAC of the
 * signature base.
 */
export interface SignedRequest {
  readonly signature: RequestSignature;
  readonly base: string;
}

const TENANTLESS: SignatureProfile = {
  components: REQUEST_COMPONENTS,
  parameters: ['created', 'nonce', 'keyid', 'tag'],
  tag: REQUEST_TAG,
};
const WITH_TENANT: SignatureProfile = {
  ...TENANTLESS,
  components: [...REQUEST_COMPONENTS, TENANT_COMPONENT],
};

/**
 * Reads the signature of a request. Checks only its form, so nothing is proven yet. Throws SignatureRefused.
 */
export function readSignature(headers: HeaderBag): RequestSignature {
  const profile = headers['x-tenant-id'] === undefined ? TENANTLESS : WITH_TENANT;
  const { label, components, parameters, signatureParams, value } = readSignatureFields(headers, profile);
  const created = parameters.get('created');
  const nonce = parameters.get('nonce');
  const keyId = parameters.get('keyid');
  if (!isUnixSeconds(created)) throw badSignature('The created parameter must be in whole seconds.');
  if (!isNonce(nonce)) throw badSignature('The nonce parameter must be a string of 16 to 128 characters.');
  if (!isKeyId(keyId)) throw badSignature('The keyid parameter must be a string of 1 to 64 characters.');
  return { label, components, parameters, signatureParams, value, created, nonce, keyId };
}

/**
 * Checks everything that needs no key: the form of the signature and the request, then the digest of the
 * body.
 */
export function readSignedRequest(request: ReceivedRequest): SignedRequest {
  const signature = readSignature(request.headers);
  const parts = partsOf(request);
  const fault = faultOf(parts);
  if (fault !== null) throw badSignature(fault);
  requireDigest(parts.contentDigest, request.rawBody);
  const components = inOrder(signature.components, requestComponents(parts));
  return { signature, base: signatureBase(components, signature.signatureParams) };
}

/** The index of the secret that made the signature, or -1. Compares all 32 bytes in constant time. */
export function secretIndexOf({ signature, base }: SignedRequest, secrets: readonly SecretText[]): number {
  return secrets.findIndex((secret) => timingSafeEqual(hmacSha256(secret, base), signature.value));
}

function partsOf({ method, authority, target, headers }: ReceivedRequest): RequestParts {
  const tenantId = headers['x-tenant-id'] === undefined ? undefined : singleHeader(headers, 'x-tenant-id');
  return { method, authority, target, contentDigest: singleHeader(headers, 'content-digest'), tenantId };
}

/** Accepts only our own spelling, so an additional digest with another algorithm is refused as well. */
function requireDigest(received: string, body: Buffer): void {
  if (received === contentDigest(body)) return;
  throw badSignature('The content-digest header is not the sha-256 of the received body.');
}
