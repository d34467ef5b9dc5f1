import { Clock } from '@atlas/platform';
import { Secret } from '@atlas/platform/secret';
import { NonceStore, type NonceUse } from '../src/nonce-store';
import { ServiceKeyResolver, type ServiceKey } from '../src/service-key';
import { type RequestToSign, signRequest } from '../src/sign-request';
import { type ServiceCall, SignatureVerifier } from '../src/signature-verifier';
import { type HeaderBag } from '../src/signed-headers';
import { type ReceivedRequest } from '../src/signed-request';

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

/** The time `seconds` after the call was signed, or before that moment if `seconds` is negative. */
export function secondsFromSigning(seconds: number): Date {
  return new Date((CREATED + seconds) * 1000);
}

/** A call as it arrives, and what its receiver would pass to the verifier. */
export interface ArrivedCall extends ReceivedRequest {
  /** One, or two during a rotation. */
  readonly secrets: readonly string[];
  readonly now: Date;
  /** Defaults to 300. */
  readonly windowSeconds?: number;
}

/** Returns the given secrets for any key id. */
class GivenSecrets extends ServiceKeyResolver<undefined> {
  constructor(private readonly secrets: readonly string[]) {
    super();
  }

  secretsFor(keyId: string): ServiceKey<undefined> {
    return { keyId, secrets: this.secrets.map((secret) => new Secret(secret)), caller: undefined };
  }
}

class NewNonces extends NonceStore {
  used: NonceUse | undefined;

  consume(use: NonceUse): boolean {
    this.used = use;
    return true;
  }
}

/** What the verifier returns for a call with a new nonce, together with the nonce use that it recorded. */
export async function verified(call: ArrivedCall): Promise<ServiceCall & Partial<NonceUse>> {
  const { authority, windowSeconds, secrets, now, ...request } = call;
  const nonces = new NewNonces();
  const verifier = new SignatureVerifier(
    { authority, windowSeconds },
    new GivenSecrets(secrets),
    nonces,
    new SetClock(now),
  );
  return { ...(await verifier.verify(request)), ...nonces.used };
}

/** A call with every signable part, and what its receiver would pass to the verifier. */
export function signedCall(
  changes: Partial<RequestToSign> = {},
): ArrivedCall & { readonly headers: HeaderBag } {
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

/** What the verifier throws. Fails the test if it accepts the call. */
export async function refusalOfCall(call: ArrivedCall): Promise<unknown> {
  const outcome = await verified(call).catch((error: unknown) => ({ error }));
  if ('error' in outcome) return outcome.error;
  throw new Error('It was accepted');
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
