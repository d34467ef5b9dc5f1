import { EncryptJWT, jwtDecrypt } from 'jose';
import { type Clock } from '../time/clock';

/** The values to check when the browser returns from the provider. */
export interface SignOnAttempt {
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

const KIND = 'atlas-sign-on';

/**
 * Stores sign-in attempts in the browser itself. Each attempt is sealed, bound to one realm and valid for a
 * short time.
 */
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

  /** Null if `sealed` is not an attempt, belongs to another realm or has expired. */
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
