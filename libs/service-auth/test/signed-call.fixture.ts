import { Clock } from '@atlas/platform';
import { type RequestToSign, signRequest } from '../src/sign-request';
import { type HeaderBag } from '../src/signed-headers';
import { type RequestToVerify } from '../src/verify-request';

export const CREATED = 1_618_884_473;
export const SECRET = 'ats_KeyId0000001_00000000000000000000000000000000000000000074LOe8F';
export const OTHER_SECRET = 'a secret of the platform, 32 characters or more';
export const KEY_ID = 'KeyId0000001';
export const NONCE = 'nonce-0123456789';
export const AUTHORITY = 'cp.example.com';

export class SetClock extends Clock {
  constructor(public at = new Date(CREATED * 1000)) {
    super();
  }

  now(): Date {
    return this.at;
  }
}

/** Seconds after (or, negative, before) the moment the call was signed. */
export function secondsFromSigning(seconds: number): Date {
  return new Date((CREATED + seconds) * 1000);
}

/** A call with every signable part, and what its receiver would hand to the verifier. */
export function signedCall(
  changes: Partial<RequestToSign> = {},
): RequestToVerify & { readonly headers: HeaderBag } {
  const request: RequestToSign = {
    method: 'POST',
    url: new URL('https://cp.example.com/api/tenant-planes/self/report?a=%20b&a=2'),
    body: '{"hello":"wörld"}',
    tenantId: 'acme',
    keyId: KEY_ID,
    secret: SECRET,
    now: new Date(CREATED * 1000 + 900),
    nonce: NONCE,
    ...changes,
  };
  return {
    method: request.method,
    authority: AUTHORITY,
    target: request.url.pathname + request.url.search,
    headers: signRequest(request),
    rawBody: Buffer.from(request.body ?? ''),
    secrets: [SECRET],
    now: secondsFromSigning(1),
  };
}

/** What the action throws. Fails the test if it throws nothing. */
export function refusalOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('It was accepted');
}
