import { type Clock } from '@atlas/platform';
import { type NonceStore } from './nonce-store';
import { signResponse } from './response-signature';
import { type AnswerSigner, type HeaderBag } from './signed-headers';
import { type ServiceKey, type ServiceKeyResolver } from './service-key';
import { nonceExpiryOf, requireInWindow } from './signature-window';
import { badSignature, signatureDoesNotHold } from './signature.errors';
import { type ReceivedRequest, readSignedRequest, secretIndexOf, type SignedRequest } from './signed-request';

export interface ServiceAuthOptions {
  /** `authorityOf` applied to the public URL that receives signed calls. */
  readonly authority: string;
  /** Defaults to 300. */
  readonly windowSeconds?: number;
}

/** A call that is proven to come from a key's holder, and not to be a replay. */
export interface ServiceCall<TCaller = unknown> {
  readonly caller: TCaller;
  readonly keyId: string;
  /** Which of the key's secrets the caller used. Shows who still uses the old secret during a rotation. */
  readonly secretIndex: number;
  /** Unix seconds. */
  readonly created: number;
  readonly signAnswer: AnswerSigner;
}

/**
 * Finds the key, checks the signature and consumes the nonce. Independent of Nest, so that guards and tools
 * can use it.
 */
export class SignatureVerifier<TCaller = unknown> {
  constructor(
    private readonly options: ServiceAuthOptions,
    private readonly keys: ServiceKeyResolver<TCaller>,
    private readonly nonces: NonceStore,
    private readonly clock: Clock,
  ) {
    if (!isAuthority(options.authority)) {
      throw new TypeError('The authority must be host[:port] in lower case: use authorityOf(url)');
    }
  }

  /**
   * Throws or rejects with SignatureRefused. An unknown key id is refused with the same message as a wrong
   * signature. Promises take longer than the HMAC, so there is none unless the key or the nonce needs one.
   */
  verify(request: Omit<ReceivedRequest, 'authority'>): ServiceCall<TCaller> | Promise<ServiceCall<TCaller>> {
    const { method, target, headers, rawBody } = request;
    const signed = readSignedRequest({ method, target, headers, rawBody, authority: this.options.authority });
    const key = this.keys.secretsFor(signed.signature.keyId);
    return key instanceof Promise
      ? key.then((found) => this.admit(signed, found, headers))
      : this.admit(signed, key, headers);
  }

  private admit(
    signed: SignedRequest,
    key: ServiceKey<TCaller> | null,
    headers: HeaderBag,
  ): ServiceCall<TCaller> | Promise<ServiceCall<TCaller>> {
    const { keyId, nonce, created } = signed.signature;
    const secretIndex = secretIndexOf(signed, key?.secrets ?? []);
    const secret = key?.secrets[secretIndex];
    if (!key || secret === undefined) throw signatureDoesNotHold();
    const signAnswer: AnswerSigner = (answer) =>
      signResponse({ ...answer, request: headers, keyId, secret, now: this.clock.now() });
    const age = { created, now: this.clock.now(), windowSeconds: this.options.windowSeconds };
    requireInWindow(age, signAnswer);
    const call = { caller: key.caller, keyId, secretIndex, created, signAnswer };
    const isFirst = this.nonces.consume({ keyId, nonce, expiresAt: nonceExpiryOf(age) });
    return isFirst instanceof Promise
      ? isFirst.then((first) => requireFirst(first, call))
      : requireFirst(isFirst, call);
  }
}

/**
 * The refusal is never signed, because someone who replays a call must not get a refusal that passes as the
 * response to it.
 */
function requireFirst<Call>(isFirst: boolean, call: Call): Call {
  if (isFirst) return call;
  throw badSignature(
    'The nonce was used before (a replay), or the key has been revoked. Sign every attempt anew, ' +
      'including retries.',
  );
}

/**
 * Whether calls can be signed for this authority. A URL, or an authority with a capital letter, would never
 * match a call, so the verifier's constructor rejects it.
 */
function isAuthority(authority: string): boolean {
  return (
    URL.canParse(`https://${authority}`) &&
    new URL(`http://${authority}`).host === authority.replace(/:80$/, '')
  );
}
