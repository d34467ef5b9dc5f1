import { TenantDatabase } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type SignedInUser } from '../tenancy/request-tenant';
import { claimedTenant, hashToken } from './session-token';
import { Session } from './session.entity';
import { User } from './user.entity';

export interface ProvenSession {
  readonly tenantId: string;
  readonly user: SignedInUser;
}

/** Who a session token belongs to: one query, in the rows of the tenant that the token claims. */
@Injectable()
export class SessionAuthentication {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly clock: Clock,
  ) {}

  /** Undefined without a token. Throws `unauthenticated` for one that is not good. */
  async authenticate(token: string | undefined): Promise<ProvenSession | undefined> {
    if (token === undefined) return undefined;
    const tenantId = claimedTenant('session', token);
    const session = tenantId ? await this.find(tenantId, token) : null;
    if (!tenantId || !session || session.revokedAt || session.expiresAt <= this.clock.now())
      throw unauthenticated();
    const { id, email, name, role, deactivatedAt } = session.user;
    if (deactivatedAt) throw unauthenticated();
    return { tenantId, user: { id, email, name, role, sessionId: session.id } };
  }

  private find(tenantId: string, token: string): Promise<(Session & { user: User }) | null> {
    return this.tenants.read(tenantId, async (scope) => {
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
    });
  }
}

export function unauthenticated(): DomainError {
  const challenge = { 'www-authenticate': 'Bearer' };
  return new DomainError(
    'unauthenticated',
    'unauthenticated',
    'Sign in: this needs a valid session.',
    {},
    challenge,
  );
}
