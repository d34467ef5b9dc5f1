import { type TenantScope } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan } from 'typeorm';
import { isStanding } from '../tenancy/tenant-standing';
import { type Permission, includes } from './permission';
import { claimedTenant, hashToken } from './tenant-token';
import { Session } from './session.entity';
import { type SignedInUser } from './signed-in-user';
import { User } from './user.entity';

export interface ProvenSession {
  readonly tenantId: string;
  readonly user: SignedInUser;
}

/**
 * The tenant that a session token claims. Only that tenant's rows can prove the claim. Throws if `token` is
 * not a session token.
 */
export function sessionClaim(token: string): string {
  const tenantId = claimedTenant('session', token);
  if (tenantId === null) throw unauthenticated();
  return tenantId;
}

/** Finds the user that a session token belongs to. */
@Injectable()
export class SessionAuthentication {
  constructor(private readonly clock: Clock) {}

  /**
   * Makes one query, which reads only the claimed tenant's sessions. Throws `unauthenticated` for an invalid
   * token.
   */
  async prove(scope: TenantScope, token: string): Promise<ProvenSession> {
    const session = await this.find(scope, token);
    if (!session || session.revokedAt || session.expiresAt <= this.clock.now()) throw unauthenticated();
    const { id, email, name, role, deactivatedAt } = session.user;
    if (deactivatedAt) throw unauthenticated();
    return { tenantId: scope.tenantId, user: { id, email, name, role, sessionId: session.id } };
  }

  /** Whether a user who was admitted earlier would still be admitted now. */
  async isStanding(scope: TenantScope, caller: SignedInUser, permission: Permission): Promise<boolean> {
    const [isServed, user, isGoingOn] = await Promise.all([
      isStanding(scope),
      scope.findOne(User, { id: caller.id, deactivatedAt: IsNull() }),
      this.isGoingOn(scope, caller),
    ]);
    return isServed && isGoingOn && user !== null && includes(user.role, permission);
  }

  /**
   * Whether an admitted user's session is still valid. If the session was renewed, the sessions that have
   * replaced it count instead.
   */
  async isGoingOn(scope: TenantScope, { sessionId }: SignedInUser): Promise<boolean> {
    const session = await scope.findOne(Session, { id: sessionId });
    if (!session) return false;
    const live = { revokedAt: IsNull(), expiresAt: MoreThan(this.clock.now()) };
    const family = session.familyId ?? session.id;
    return scope.exists(Session, [
      { ...live, id: session.id },
      { ...live, familyId: family },
    ]);
  }

  private async find(scope: TenantScope, token: string): Promise<(Session & { user: User }) | null> {
    const found = await scope
      .query(Session, 'session')
      .innerJoinAndMapOne(
        'session.user',
        User,
        'user',
        'user.tenantId = session.tenantId and user.id = session.userId',
      )
      .andWhere('session.tokenHash = :hash', { hash: hashToken(token) })
      .getOne();
    return found as (Session & { user: User }) | null;
  }
}

export function unauthenticated(): DomainError {
  const challenge = { 'www-authenticate': 'Bearer' };
  return new DomainError(
    'unauthenticated',
    'unauthenticated',
    'This request needs a valid session. Sign in.',
    {},
    challenge,
  );
}
