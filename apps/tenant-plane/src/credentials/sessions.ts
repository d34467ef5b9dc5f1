import { type UserView, type SignedIn } from '@atlas/tenant-api';
import { type Allowance, type TenantScope, Throttle } from '@atlas/persistence';
import { Clock, type FromCookies } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan, Not } from 'typeorm';
import { type Permission, requirePermission } from './permissions';
import { unauthenticated } from './session-authentication';
import { hashToken, mintSessionToken } from './session-token';
import { Session } from './session.entity';
import { type SignedInUser } from './signed-in-user';
import { holdUpWrites, lockThose, lockUser } from './user-locks';
import { User } from './user.entity';

/** Of what came of one sign-in: each refresh adds a row that stays for months. */
export const REFRESHES: Allowance = {
  name: 'refreshes of',
  limit: 600,
  windowSeconds: 3600,
  isStrict: false,
  refusal: 'This session was refreshed too often.',
};
const SESSION_MS = 12 * 3600_000;
const REFRESH_MS = 30 * 24 * 3600_000;
/** However often it is renewed: then one signs in anew (ASVS 5.0, 7.3.2). */
export const LONGEST_MS = 90 * 24 * 3600_000;

/** What a session comes from. */
interface Origin {
  /** Of the session that this one goes on from. */
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

  /** For a locked user. Throws `too_many_attempts`. */
  async open(scope: TenantScope, user: User, { family, isSingleSignOn }: Origin = {}): Promise<SignedIn> {
    if (family !== undefined) await this.throttle.take(REFRESHES, [scope.tenantId, family]);
    const now = this.clock.now();
    const id = uuidv7(now);
    const token = mintSessionToken('session', scope.tenantId);
    const refreshToken = mintSessionToken('refresh', scope.tenantId);
    const first = family === undefined ? null : await scope.findOne(Session, { id: family });
    // Swept, as its time was over by the clock of another replica: then so it is here.
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
   * Looks again at who calls, among users that are locked: their session may have ended, and their role
   * changed, since the request was let in. Throws `unauthenticated` and `forbidden`.
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

  /** Ends a user's sessions, on every replica with the next request; `but` goes on. How many there were. */
  endAll(scope: TenantScope, userId: string, but?: string): Promise<number> {
    const where = { userId, revokedAt: IsNull(), ...(but !== undefined && { id: Not(but) }) };
    return scope.update(Session, where, { revokedAt: this.clock.now() });
  }

  /** Ends the sessions of every user, before any of them is let in. How many there were. */
  endEverybodys(scope: TenantScope): Promise<number> {
    return scope.update(Session, { revokedAt: IsNull() }, { revokedAt: this.clock.now() });
  }

  /**
   * The users whose sessions {@link endSingleSignOn} would end, and one more: what
   * they are writing is stored before, and what they write afterwards is refused.
   * While the tenant's identity provider is locked, so that no session is added.
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
   * Ends those that the identity provider vouched for, whose
   * users are locked; `but` goes on. How many there were.
   */
  endSingleSignOn(scope: TenantScope, but: string): Promise<number> {
    const where = { isSingleSignOn: true, revokedAt: IsNull(), id: Not(but) };
    return scope.update(Session, where, { revokedAt: this.clock.now() });
  }

  /**
   * Ends the session that a browser had before it signs in, whoever's it was
   * (ASVS 5.0, 7.2.4): the browser forgets it, and nobody else should go on with
   * it. First in the transaction of the sign-in, or behind {@link holdUpWrites}.
   */
  async endFormer(scope: TenantScope, { former_session: token }: FromCookies): Promise<void> {
    const former = token === undefined ? null : await scope.findOne(Session, { tokenHash: hashToken(token) });
    if (!former) return;
    await holdUpWrites(scope);
    await this.endFamily(scope, former);
  }

  /**
   * Ends all that came of one sign-in; under the lock of its user, so that no refresh adds to it meanwhile.
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
