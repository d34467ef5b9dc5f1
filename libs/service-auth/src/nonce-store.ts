export interface NonceUse {
  readonly keyId: string;
  readonly nonce: string;
  /** From then on the window refuses the request by itself, and the nonce may be forgotten. */
  readonly expiresAt: Date;
}

/** Remembers the nonces of accepted calls, so that a recorded call cannot be sent again. */
export abstract class NonceStore {
  /**
   * True only for the first use of this key's nonce anywhere, in any process that accepts calls; of two at the same
   * moment one gets false. Called only after the signature holds, so strangers cannot fill the store. When it cannot
   * tell it rejects: the call is then refused, never let through.
   */
  abstract consume(use: NonceUse): boolean | Promise<boolean>;
}
