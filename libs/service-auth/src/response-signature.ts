import { timingSafeEqual } from 'node:crypto';
import { type SecretText } from '@atlas/platform/secret';
import { contentDigest } from './content-digest';
import { hmacSha256, inOrder, signatureBase, type SignatureComponent } from './signature-base';
import { readSignatureFields, type SignatureProfile, writeSignatureFields } from './signature-fields';
import { ANSWER_TAG, isUnixSeconds, unixSeconds } from './signature-parameters';
import { AnswerRefused, badSignature, SignatureRefused } from './signature.errors';
import { type Answer, type HeaderBag, type SignedHeaders } from './signed-headers';
import { singleHeader } from './single-header';

export interface ResponseToSign extends Answer {
  /** The headers of the request, or just its `signature`. */
  readonly request: HeaderBag;
  readonly keyId: string;
  readonly secret: SecretText;
  readonly now: Date;
}

export interface ResponseToVerify extends Answer {
  readonly headers: HeaderBag;
  /** The result of {@link signRequest} for the request. */
  readonly request: HeaderBag;
  readonly keyId: string;
  readonly secret: SecretText;
}

const PROFILE: SignatureProfile = {
  components: ['"@status"', '"content-digest"', '"signature";req'],
  parameters: ['created', 'keyid', 'tag'],
  tag: ANSWER_TAG,
};

/** RFC 9421, section 2.4. Covers the request's signature, so the response is valid only for that request. */
export function signResponse(response: ResponseToSign): SignedHeaders {
  const digest = contentDigest(response.body);
  const parameters = new Map<string, string | number>([
    ['created', unixSeconds(response.now)],
    ['keyid', response.keyId],
    ['tag', ANSWER_TAG],
  ]);
  const components = componentsOf(response, digest);
  return { 'content-digest': digest, ...writeSignatureFields(components, parameters, response.secret) };
}

/**
 * `created` is when the Control Plane signed the response, in Unix seconds. Callers use it to correct their
 * clocks, so no time window applies here. Throws {@link AnswerRefused} for a response that is unsigned,
 * changed, or meant for another request.
 */
export function verifyResponse(response: ResponseToVerify): { readonly created: number } {
  try {
    return { created: createdOf(response) };
  } catch (error) {
    throw error instanceof SignatureRefused
      ? new AnswerRefused(`The response was rejected. ${error.message}`)
      : error;
  }
}

function createdOf(response: ResponseToVerify): number {
  const fields = readSignatureFields(response.headers, PROFILE);
  const created = fields.parameters.get('created');
  if (!isUnixSeconds(created)) throw badSignature('The created parameter must be in whole seconds.');
  if (fields.parameters.get('keyid') !== response.keyId) throw badSignature('It is signed with another key.');
  const digest = contentDigest(response.body);
  if (singleHeader(response.headers, 'content-digest') !== digest) {
    throw badSignature('Its content-digest is not the sha-256 of its body.');
  }
  const base = signatureBase(
    inOrder(fields.components, componentsOf(response, digest)),
    fields.signatureParams,
  );
  if (!timingSafeEqual(hmacSha256(response.secret, base), fields.value)) {
    throw badSignature(
      'Its signature is not valid: it was made with another secret, belongs to another request, ' +
        'or was changed in transit.',
    );
  }
  return created;
}

function componentsOf(
  { status, request }: Answer & { request: HeaderBag },
  digest: string,
): SignatureComponent[] {
  return [
    ['"@status"', String(status)],
    ['"content-digest"', digest],
    ['"signature";req', singleHeader(request, 'signature')],
  ];
}
