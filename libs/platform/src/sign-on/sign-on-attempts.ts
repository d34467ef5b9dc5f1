import { EncryptJWT, jwtDecrypt } from 'jose';
import { type Clock } from '../time/clock';

/** What a browser must bring back, and what only we know about it. */
export interface SignOnAttempt {
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

const KIND = 'atlas-sign-on';

/** Attempts to sign in, kept by the browsers themselves: sealed, for one realm, for a short time. */
export class SignOnAttempts {
  constructor(
    private readonly key: Uint8Array,
    private readonly clock: Clock,
  ) {}

  seal(attempt: SignOnAttempt, realm: string, seconds: number): Promise<string> {
    const now = Math.floor(this.clock.now().getTime() / 1000);
    return new EncryptJWT({ ...attempt })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: KIND })
      .setAudience(realm)
      .setExpirationTime(now + seconds)
      .encrypt(this.key);
  }

  /** Null if it is not an attempt, belongs to another realm, or is too old. */
  async open(sealed: string, realm: string): Promise<SignOnAttempt | null> {
    try {
      const { payload } = await jwtDecrypt<SignOnAttempt>(sealed, this.key, {
        audience: realm,
        typ: KIND,
        requiredClaims: ['exp'],
        currentDate: this.clock.now(),
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return payload;
    } catch {
      return null;
    }
  }
}
