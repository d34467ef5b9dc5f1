import {
  SIGNUP_KEY_PURPOSE,
  SIGNUP_TOKEN_ALGORITHM,
  SIGNUP_TOKEN_TYPE,
  type SignupClaims,
} from '@atlas/plane-contract';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type JWTVerifyGetKey, createLocalJWKSet, jwtVerify } from 'jose';
import { PlaneIdentities } from '../control-plane-link/plane-identities';

/** Checks the Control Plane's sign-up tokens with the keys it published to us: no call, so it works offline too. */
@Injectable()
export class SignupTokens {
  constructor(
    private readonly identities: PlaneIdentities,
    private readonly clock: Clock,
  ) {}

  /** Throws `invalid_signup_token` and `signup_token_expired`. */
  async verify(token: string): Promise<SignupClaims> {
    const { tenantPlaneId } = this.identities.current;
    if (!tenantPlaneId) throw invalid();
    try {
      const { payload } = await jwtVerify(token, this.keys(), {
        algorithms: [SIGNUP_TOKEN_ALGORITHM],
        typ: SIGNUP_TOKEN_TYPE,
        audience: tenantPlaneId,
        requiredClaims: ['sub', 'jti', 'exp', 'email'],
        currentDate: this.clock.now(),
      });
      return payload as unknown as SignupClaims;
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_JWT_EXPIRED') {
        throw new DomainError(
          'signup_token_expired',
          'gone',
          'This sign-up link has expired. Ask your Atlas administrator for a new one.',
        );
      }
      throw invalid();
    }
  }

  private keys(): JWTVerifyGetKey {
    const keys = this.identities.current.keys.filter((key) => key.purpose === SIGNUP_KEY_PURPOSE);
    return createLocalJWKSet({ keys: keys.map(({ purpose: _, ...jwk }) => jwk) });
  }
}

function invalid(): DomainError {
  return new DomainError(
    'invalid_signup_token',
    'unauthenticated',
    'This sign-up link is not valid here. Open it as it was sent, at the address it was sent for.',
  );
}
