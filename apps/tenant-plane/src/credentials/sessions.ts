import { type Allowance, type TenantScope, Throttle } from '@atlas/persistence';
import { Clock, type FromCookies } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type UserView, type SignedIn } from '@atlas/tenant-api/accounts';
import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan, Not } from 'typeorm';
import { type Permission, requirePermission } from './permission';
import { unauthenticated } from './session-authentication';
import { hashToken, mintSessionToken } from './session-token';
import { Session } from './session.entity';
import { type SignedInUser } from './signed-in-user';
import { holdUpWrites, lockThose, lockUser } from './user-locks';
import { User } from './user.entity';

/** Per sign-in: each refresh adds a row that stays for months. */
export const REFRESHES: Allowance = {
  name: 'refreshes of',
  limit: 600,
  windowSeconds: 3600,
  isStrict: false,
  refusal: 'This session was refreshed too often.',
};
const SESSION_MS = 12 * 3600_000;
const REFRESH_MS = 30 * 24 * 3600_000;
/** The longest life of a sign-in, however often it is renewed (ASVS 5.0, 7.3.2). */
export const LONGEST_MS = 90 * 24 * 3600_000;

/** What a session comes from. */
interface Origin {
  /** The family of the session that this one renews. */
  readonly family?: string;
  /** Whether the tenant's identity provider, which is locked, vouches for the user. */
  readonly isSingleSignOn?: boolean;
}

@Injectable()
export class Sessions {
  constructor(
    private readonly throttle: Throttle,
    private readonly clock: Clock,
  ) {}

  /** Opens a session for a locked user. Throws `too_many_attempts`. */
  async open(scope: TenantScope, user: User, { family, isSingleSignOn }: Origin = {}): Promise<SignedIn> {
    if (family !== undefined) await this.throttle.take(REFRESHES, [scope.tenantId, family]);
    const now = this.clock.now();
    const id = uuidv7(now);
    const token = mintSessionToken('session', scope.tenantId);
    const refreshToken = mintSessionToken('refresh', scope.tenantId);
    const first = family === undefined ? null : await scope.findOne(Session, { id: family });
    // Swept because it had expired by another replica's clock, so it has expired here too.
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
   * Checks the caller again, among locked users: their session may have ended or their role changed since the
   * request was admitted. Throws `unauthenticated` and `forbidden`.
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

  /** Ends a user's sessions except `but`, on every replica with the next request. Returns their number. */
  endAll(scope: TenantScope, userId: string, but?: string): Promise<number> {
    const where = { userId, revokedAt: IsNull(), ...(but !== undefined && { id: Not(but) }) };
    return scope.update(Session, where, { revokedAt: this.clock.now() });
  }

  /** Ends the sessions of all users, before any is admitted. Returns their number. */
  endEverybodys(scope: TenantScope): Promise<number> {
    return scope.update(Session, { revokedAt: IsNull() }, { revokedAt: this.clock.now() });
  }

  /**
   * Locks the users whose sessions {@link endSingleSignOn} would end, and one more: their writes in progress
   * are stored first, and later ones are refused. Needs the lock of the tenant's identity provider, so that
   * no session is added.
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
   * Ends the sessions that the identity provider vouched for, except `but`. Their users are locked. Returns
   * their number.
   */
  endSingleSignOn(scope: TenantScope, but: string): Promise<number> {
    const where = { isSingleSignOn: true, revokedAt: IsNull(), id: Not(but) };
    return scope.update(Session, where, { revokedAt: this.clock.now() });
  }

  /**
   * Ends the session that a browser had before this sign-in, whoever it belonged to (ASVS 5.0, 7.2.4): the
   * browser forgets it, and no one else should keep using it. Comes first in the sign-in's transaction, or
   * after {@link holdUpWrites}.
   */
  async endFormer(scope: TenantScope, { former_session: token }: FromCookies): Promise<void> {
    const former = token === undefined ? null : await scope.findOne(Session, { tokenHash: hashToken(token) });
    if (!former) return;
    await holdUpWrites(scope);
    await this.endFamily(scope, former);
  }

  /** Ends all sessions of one sign-in, under the lock of its user, so that no refresh adds one meanwhile. */
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
