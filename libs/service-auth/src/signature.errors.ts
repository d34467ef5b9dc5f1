import { DomainError } from '@atlas/platform';
import { type AnswerSigner } from './signed-headers';

export type SignatureRefusal = 'bad_signature' | 'clock_skew';

/** A signed call that is refused. Only a caller with a valid signature gets `clock_skew`. */
export class SignatureRefused extends DomainError {
  constructor(
    code: SignatureRefusal,
    detail: string,
    /**
     * Set by `SignatureVerifier` for `clock_skew`. The caller has proven that it has the key, so the refusal
     * can be signed, and the caller can use it to correct its clock.
     */
    readonly signAnswer?: AnswerSigner,
  ) {
    super(code, 'unauthenticated', detail);
    this.name = 'SignatureRefused';
  }
}

/**
 * A response that cannot be trusted. Not a 401, because our own caller did nothing wrong. To us, the other
 * plane is unavailable.
 */
export class AnswerRefused extends DomainError {
  constructor(detail: string) {
    super('bad_signature', 'unavailable', detail);
    this.name = 'AnswerRefused';
  }
}

export function badSignature(detail: string): SignatureRefused {
  return new SignatureRefused('bad_signature', detail);
}

/**
 * The same message for an unknown key, a wrong secret and a changed message, so that key ids cannot be
 * probed.
 */
export function signatureDoesNotHold(): SignatureRefused {
  return badSignature(
    'The signature is not valid: the key is not known here, the secrets differ, or the method, ' +
      'public authority, ' +
      'path, query, body or tenant was changed in transit.',
  );
}
