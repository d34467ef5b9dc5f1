import { type TenantScope } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { hashToken, mintToken } from './tenant-token';
import { lockUser } from './user-locks';
import { WHERE_STATUS } from './user-status';
import { UserToken, type UserTokenPurpose } from './user-token.entity';
import { User } from './user.entity';

const HOUR_MS = 3600_000;
const LIFETIME_MS: Readonly<Record<UserTokenPurpose, number>> = { invite: 7 * 24 * HOUR_MS, reset: HOUR_MS };
/** The status that a link's user must have. */
const STATUS = { invite: 'invited', reset: 'active' } as const;

/** Creates and redeems the links that users receive by email. */
@Injectable()
export class UserTokens {
  constructor(private readonly clock: Clock) {}

  expiryOf(purpose: UserTokenPurpose): Date {
    return new Date(this.clock.now().getTime() + LIFETIME_MS[purpose]);
  }

  /**
   * Creates a link for a user whose row is locked. Invalidates the previous link, except on a later `attempt`
   * to send the same email: the earlier copy may have arrived, so its link keeps working.
   */
  async mint(scope: TenantScope, userId: string, purpose: UserTokenPurpose, attempt = 1): Promise<string> {
    if (attempt === 1) await this.revoke(scope, userId, purpose);
    const token = mintToken(purpose, scope.tenantId);
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

  /** The user whom the link is for. Throws `invalid_link` if the link is not valid. */
  async userOf(scope: TenantScope, token: string, purpose: UserTokenPurpose): Promise<User> {
    const where = { tokenHash: hashToken(token), purpose, expiresAt: MoreThan(this.clock.now()) };
    const row = await scope.findOne(UserToken, where);
    const user = row && (await scope.findOne(User, { id: row.userId, ...WHERE_STATUS[STATUS[purpose]] }));
    if (!user) throw invalidLink();
    return user;
  }

  /**
   * Like {@link userOf}, but locks the user's row, so that only one of several concurrent calls succeeds.
   * Invalidates the links in other copies of the email.
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
    'This link is not valid. A link can be used once, for a limited time, and only until a newer one is ' +
      'sent. Ask for a new one.',
  );
}
