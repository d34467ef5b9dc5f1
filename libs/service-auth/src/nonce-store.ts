export interface NonceUse {
  readonly keyId: string;
  readonly nonce: string;
  /** From this time on, the request is refused as too old anyway, so the nonce may be forgotten. */
  readonly expiresAt: Date;
}

/** Remembers the nonces of accepted calls, so that a captured call cannot be replayed. */
export abstract class NonceStore {
  /**
   * True only for the first use of a key's nonce across all processes that accept calls. Of two concurrent
   * uses, one gets false. Called only after the signature has been verified, so that unauthenticated callers
   * cannot fill the store. Rejects if the store cannot tell; the call is then refused.
   */
  abstract consume(use: NonceUse): boolean | Promise<boolean>;
}
