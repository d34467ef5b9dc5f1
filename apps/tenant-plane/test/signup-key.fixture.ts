import { randomUUID } from 'node:crypto';
import { type PublishedKey, SIGNUP_TOKEN_TYPE } from '@atlas/plane-contract';
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from 'jose';

export interface TokenChanges {
  readonly aud?: string;
  readonly sub?: string;
  readonly email?: string;
  readonly jti?: string;
  /** In seconds, counted from `now`. */
  readonly lifetime?: number;
  readonly typ?: string;
  readonly without?: readonly string[];
}

export interface TokenFacts {
  readonly aud: string;
  readonly sub: string;
  readonly email: string;
  readonly now: Date;
}

/** A key with which the Control Plane signs sign-up tokens. */
export class SignupKey {
  private constructor(
    private readonly secret: CryptoKey,
    readonly published: PublishedKey,
  ) {}

  static async create(purpose = 'signup'): Promise<SignupKey> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const jwk = await exportJWK(publicKey);
    return new SignupKey(privateKey, {
      kty: 'OKP',
      crv: jwk.crv,
      x: jwk.x,
      alg: 'EdDSA',
      kid: randomUUID(),
      purpose,
    });
  }

  token({ now, ...facts }: TokenFacts, changes: TokenChanges = {}): Promise<string> {
    const { lifetime = 3600, typ = SIGNUP_TOKEN_TYPE, without = [], ...claims } = changes;
    const exp = Math.floor(now.getTime() / 1000) + lifetime;
    const all = { ...facts, jti: randomUUID(), exp, ...claims };
    const kept = Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)));
    return new SignJWT(kept)
      .setProtectedHeader({ alg: 'EdDSA', kid: this.published.kid, typ })
      .sign(this.secret);
  }
}
