import { type TenantScope } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { hashToken, mintSessionToken } from './session-token';
import { lockUser } from './user-locks';
import { WHERE_STATUS } from './user-status';
import { UserToken, type UserTokenPurpose } from './user-token.entity';
import { User } from './user.entity';

const HOUR_MS = 3600_000;
const LIFETIME_MS: Readonly<Record<UserTokenPurpose, number>> = { invite: 7 * 24 * HOUR_MS, reset: HOUR_MS };
/** Whom a link can be for. */
const STATUS = { invite: 'invited', reset: 'active' } as const;

/** The links that are sent to users. */
@Injectable()
export class UserTokens {
  constructor(private readonly clock: Clock) {}

  expiryOf(purpose: UserTokenPurpose): Date {
    return new Date(this.clock.now().getTime() + LIFETIME_MS[purpose]);
  }

  /**
   * For a locked user. The one before is void from here on; at a later `attempt` at a mail that is the link
   * of a copy which may have arrived, and goes on working.
   */
  async mint(scope: TenantScope, userId: string, purpose: UserTokenPurpose, attempt = 1): Promise<string> {
    if (attempt === 1) await this.revoke(scope, userId, purpose);
    const token = mintSessionToken(purpose, scope.tenantId);
    await scope.insert(UserToken, {
      tokenHash: hashToken(token),
      userId,
      purpose,
      expiresAt: this.expiryOf(purpose),
    });
    return token;
  }

  async revoke(scope: TenantScope, userId: string, purpose: UserTokenPurpose): Promise<void> {
    await scope.delete(UserToken, { userId, purpose });
  }

  async revokeAll(scope: TenantScope, userId: string): Promise<void> {
    await scope.delete(UserToken, { userId });
  }

  async revokeEverybodys(scope: TenantScope): Promise<number> {
    return scope.delete(UserToken, {});
  }

  /** Whose it is, while it is good. Throws `invalid_link`. */
  async userOf(scope: TenantScope, token: string, purpose: UserTokenPurpose): Promise<User> {
    const where = { tokenHash: hashToken(token), purpose, expiresAt: MoreThan(this.clock.now()) };
    const row = await scope.findOne(UserToken, where);
    const user = row && (await scope.findOne(User, { id: row.userId, ...WHERE_STATUS[STATUS[purpose]] }));
    if (!user) throw invalidLink();
    return user;
  }

  /**
   * As {@link userOf}, and locks the user; one of several who
   * come at once gets it. The copies of its mail are void.
   */
  async redeem(scope: TenantScope, token: string, purpose: UserTokenPurpose): Promise<User> {
    await lockUser(scope, (await this.userOf(scope, token, purpose)).id);
    const user = await this.userOf(scope, token, purpose);
    await this.revoke(scope, user.id, purpose);
    return user;
  }
}

function invalidLink(): DomainError {
  return new DomainError(
    'invalid_link',
    'unauthenticated',
    'This link is not valid: it works once, for a while, and only the latest of several. Ask for a new one.',
  );
}
