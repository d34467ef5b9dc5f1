import { type Allowance, type TenantScope, Throttle } from '@atlas/persistence';
import { Clock, type FromCookies } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type UserView, type SignedIn } from '@atlas/tenant-api/accounts';
import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan, Not } from 'typeorm';
import { type Permission, requirePermission } from './permission';
import { unauthenticated } from './session-authentication';
import { hashToken, mintToken } from './tenant-token';
import { Session } from './session.entity';
import { type SignedInUser } from './signed-in-user';
import { holdUpWrites, lockThose, lockUser } from './user-locks';
import { User } from './user.entity';

/** Limits refreshes per sign-in, because each one adds a row that stays for months. */
export const REFRESHES: Allowance = {
  name: 'refreshes of',
  limit: 600,
  windowSeconds: 3600,
  isStrict: false,
  refusal: 'This session was refreshed too often.',
};
const SESSION_MS = 12 * 3600_000;
const REFRESH_MS = 30 * 24 * 3600_000;
/** The longest that a sign-in can last, no matter how many times it is renewed (ASVS 5.0, 7.3.2). */
export const LONGEST_MS = 90 * 24 * 3600_000;

/** How a session was created. */
interface Origin {
  /** The family of the session that the new session renews. */
  readonly family?: string;
  /**
   * Whether the user signed in through the tenant's identity provider. If so, the provider's row must be
   * locked.
   */
  readonly isSingleSignOn?: boolean;
}

@Injectable()
export class Sessions {
  constructor(
    private readonly throttle: Throttle,
    private readonly clock: Clock,
  ) {}

  /** Creates a session for a user whose row is locked. Throws `too_many_attempts`. */
  async open(scope: TenantScope, user: User, { family, isSingleSignOn }: Origin = {}): Promise<SignedIn> {
    if (family !== undefined) await this.throttle.take(REFRESHES, [scope.tenantId, family]);
    const now = this.clock.now();
    const id = uuidv7(now);
    const token = mintToken('session', scope.tenantId);
    const refreshToken = mintToken('refresh', scope.tenantId);
    const first = family === undefined ? null : await scope.findOne(Session, { id: family });
    // If the first session is missing, another replica has deleted it as expired. Even if the clocks differ,
    // the session then counts as expired here too.
    if (family !== undefined && !first) throw unauthenticated();
    const end = (first?.createdAt ?? now).getTime() + LONGEST_MS;
    const until = (ms: number): Date => new Date(Math.min(now.getTime() + ms, end));
    const expiresAt = until(SESSION_MS);
    await scope.insert(Session, {
      id,
      userId: user.id,
      familyId: family ?? id,
      isSingleSignOn: isSingleSignOn ?? false,
      tokenHash: hashToken(token),
      refreshHash: hashToken(refreshToken),
      createdAt: now,
      expiresAt,
      refreshExpiresAt: until(REFRESH_MS),
      revokedAt: null,
    });
    return { token, refresh_token: refreshToken, expires_at: expiresAt, user: userView(user) };
  }

  /**
   * Checks the caller again once the users' rows are locked, because the caller's session may have been
   * revoked, or their role may have changed, since the request was admitted. Throws `unauthenticated` and
   * `forbidden`.
   */
  async requireCaller(
    scope: TenantScope,
    locked: readonly User[],
    { id: userId, sessionId }: SignedInUser,
    permission?: Permission,
  ): Promise<User> {
    const caller = locked.find(({ id }) => id === userId);
    const live = { revokedAt: IsNull(), expiresAt: MoreThan(this.clock.now()) };
    const isLive = await scope.exists(Session, { id: sessionId, ...live });
    if (!caller || caller.deactivatedAt || !isLive) throw unauthenticated();
    if (permission) requirePermission(caller.role, permission);
    return caller;
  }

  /**
   * Revokes a user's sessions except `but`. Takes effect with the next request, on every replica. Returns the
   * number of sessions revoked.
   */
  endAll(scope: TenantScope, userId: string, but?: string): Promise<number> {
    const where = { userId, revokedAt: IsNull(), ...(but !== undefined && { id: Not(but) }) };
    return scope.update(Session, where, { revokedAt: this.clock.now() });
  }

  /**
   * Revokes the sessions of all users, before any user is admitted. Returns the number of sessions revoked.
   */
  endEverybodys(scope: TenantScope): Promise<number> {
    return scope.update(Session, { revokedAt: IsNull() }, { revokedAt: this.clock.now() });
  }

  /**
   * Locks the rows of the users whose sessions {@link endSingleSignOn} would revoke, and of the user
   * `alsoId`. The users' writes in progress finish first, and later writes are refused. The row of the
   * tenant's identity provider must already be locked, so that no session is added.
   */
  lockSingleSignOn(scope: TenantScope, alsoId: string): Promise<User[]> {
    const users = scope.query(User, 'user');
    const signedOn = users
      .subQuery()
      .select('session.userId')
      .from(Session, 'session')
      .where('session.tenantId = :tenantId and session.isSingleSignOn = :isSingleSignOn')
      .andWhere('session.revokedAt is null')
      .getQuery();
    const which = `(user.id = :alsoId or user.id in ${signedOn})`;
    return lockThose(scope, users.andWhere(which, { alsoId, isSingleSignOn: true }));
  }

  /**
   * Revokes the sessions of all sign-ins through the identity provider, except `but`. The rows of their users
   * must be locked. Returns the number of sessions revoked.
   */
  endSingleSignOn(scope: TenantScope, but: string): Promise<number> {
    const where = { isSingleSignOn: true, revokedAt: IsNull(), id: Not(but) };
    return scope.update(Session, where, { revokedAt: this.clock.now() });
  }

  /**
   * Revokes the session that a browser had before this sign-in, even if that session was another user's
   * (ASVS 5.0, 7.2.4). The browser forgets that session, and no one else should keep using it. Must come
   * first in the sign-in's transaction, or after {@link holdUpWrites}.
   */
  async endFormer(scope: TenantScope, { former_session: token }: FromCookies): Promise<void> {
    const former = token === undefined ? null : await scope.findOne(Session, { tokenHash: hashToken(token) });
    if (!former) return;
    await holdUpWrites(scope);
    await this.endFamily(scope, former);
  }

  /**
   * Revokes all sessions of one sign-in. Locks the user's row, so that no refresh adds a session in the
   * meantime.
   */
  async endFamily(scope: TenantScope, { id, userId, familyId }: Session): Promise<number> {
    await lockUser(scope, userId);
    const revokedAt = this.clock.now();
    const family = familyId ?? id;
    const older = await scope.update(Session, { id: family, revokedAt: IsNull() }, { revokedAt });
    return older + (await scope.update(Session, { familyId: family, revokedAt: IsNull() }, { revokedAt }));
  }
}

export function userView({ id, email, name, role }: UserView): UserView {
  return { id, email, name, role };
}
