import { tenantFrozen } from '@atlas/persistence';
import {
  SIGNUP_KEY_PURPOSE,
  SIGNUP_TOKEN_ALGORITHM,
  SIGNUP_TOKEN_TYPE,
  type SignupClaims,
} from '@atlas/plane-contract';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type JWTVerifyGetKey, createLocalJWKSet, jwtVerify } from 'jose';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { type Tenant } from '../tenancy/tenant.entity';

export interface SignupToken extends SignupClaims {
  /** Whether the token was minted for this plane. */
  readonly isOurs: boolean;
}

/**
 * Verifies sign-up tokens with the keys that the Control Plane has published. Makes no call, so it works
 * offline.
 */
@Injectable()
export class SignupTokens {
  constructor(
    private readonly identities: PlaneIdentities,
    private readonly directory: TenantDirectory,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `invalid_signup_token` and `signup_token_expired`. Call {@link requireGood} again before admitting
   * a user with the token.
   */
  async verify(token: string): Promise<SignupToken> {
    const { tenantPlaneId } = this.identities.current;
    if (!tenantPlaneId) throw invalid();
    const claims = await this.claimsOf(token);
    const verified = { ...claims, isOurs: claims.aud === tenantPlaneId };
    requireGood(verified, await this.directory.find(claims.sub));
    return verified;
  }

  private async claimsOf(token: string): Promise<SignupClaims> {
    try {
      const { payload } = await jwtVerify(token, this.keys(), {
        algorithms: [SIGNUP_TOKEN_ALGORITHM],
        typ: SIGNUP_TOKEN_TYPE,
        requiredClaims: ['aud', 'sub', 'jti', 'exp', 'email'],
        currentDate: this.clock.now(),
      });
      return payload as unknown as SignupClaims;
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_JWT_EXPIRED') {
        throw new DomainError(
          'signup_token_expired',
          'gone',
          'This sign-up link has expired. Get a new one from whoever runs Atlas for you.',
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

/**
 * Checks the token against the Control Plane's current entry for the tenant. Throws `invalid_signup_token`
 * for a token that was revoked, or that was minted for another plane and was not carried over when the tenant
 * moved here.
 */
export function requireGood({ jti, isOurs }: SignupToken, tenant: Tenant | null): void {
  const { revoked = [], revoked_through: through = '', carried = [] } = tenant?.signupLinks ?? {};
  if (revoked.includes(jti) || jti <= through) throw invalid();
  if (isOurs || carried.includes(jti)) return;
  // Until the move is complete, this plane does not know which tokens are carried over from the previous
  // home.
  throw tenant?.phase === 'importing' ? tenantFrozen() : invalid();
}

function invalid(): DomainError {
  return new DomainError(
    'invalid_signup_token',
    'unauthenticated',
    'This sign-up link is not valid. It is incomplete, was revoked, or is for a different tenant. Get ' +
      'a new one from whoever runs Atlas for you.',
  );
}
