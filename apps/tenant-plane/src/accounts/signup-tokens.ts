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
  /** Whether it was minted for this plane. */
  readonly isOurs: boolean;
}

/**
 * Checks the Control Plane's sign-up tokens with the keys
 * it published to us: no call, so it works offline too.
 */
@Injectable()
export class SignupTokens {
  constructor(
    private readonly identities: PlaneIdentities,
    private readonly directory: TenantDirectory,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `invalid_signup_token` and `signup_token_expired`.
   * Whoever lets somebody in by it looks again: {@link requireGood}.
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

/**
 * By what the Control Plane has told of the tenant. Throws `invalid_signup_token`
 * for a token that was revoked, and for one that was minted for another plane,
 * unless it was that of the tenant's home before it moved here.
 */
export function requireGood({ jti, isOurs }: SignupToken, tenant: Tenant | null): void {
  const { revoked = [], revoked_through: through = '', carried = [] } = tenant?.signupLinks ?? {};
  if (revoked.includes(jti) || jti <= through) throw invalid();
  if (isOurs || carried.includes(jti)) return;
  // Which ones are carried is told when the move ends.
  throw tenant?.phase === 'importing' ? tenantFrozen() : invalid();
}

function invalid(): DomainError {
  return new DomainError(
    'invalid_signup_token',
    'unauthenticated',
    'This sign-up link is not valid: it is not complete, it was revoked, or it is for another ' +
      'tenant. Ask your Atlas administrator for a new one.',
  );
}
