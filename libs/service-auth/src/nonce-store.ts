export interface NonceUse {
  readonly keyId: string;
  readonly nonce: string;
  /** From then on the window alone refuses the request, and the nonce may be forgotten. */
  readonly expiresAt: Date;
}

/** Remembers the nonces of accepted calls, so that a recorded call cannot be replayed. */
export abstract class NonceStore {
  /**
   * True only for the first use of this key's nonce in any process that accepts calls; of two concurrent uses
   * one gets false. Called only after the signature is verified, so strangers cannot fill the store. Rejects
   * when it cannot tell: the call is then refused, never let through.
   */
  abstract consume(use: NonceUse): boolean | Promise<boolean>;
}
