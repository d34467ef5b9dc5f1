import { TenantCounter, type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { Sessions } from './sessions';
import { UserTokens } from './user-tokens';
import { User } from './user.entity';

/** Numbers the revocations of a tenant: a user's epoch is the number of their last one. */
const SERIES = 'revocations';

/** Takes back whatever lets somebody in as a user. */
@Injectable()
export class Revocations {
  constructor(
    private readonly sessions: Sessions,
    private readonly tokens: UserTokens,
  ) {}

  /**
   * Changes a locked user, and ends every link and session but `but`. The new epoch reaches what no row shows yet: a
   * sign-in whose password is being checked, a mail that is waiting to be sent. How many sessions there were.
   */
  async revoke(
    scope: TenantScope,
    { id }: Pick<User, 'id'>,
    changes: Partial<User>,
    but?: string,
  ): Promise<number> {
    const credentialsEpoch = await scope.nextNumber(SERIES);
    await scope.update(User, { id }, { ...changes, credentialsEpoch });
    await this.tokens.revokeAll(scope, id);
    return this.sessions.endAll(scope, id, but);
  }

  /** As {@link revoke}, and counts: unlike a new password it also takes back what the user has asked for. */
  async deactivate(scope: TenantScope, user: Pick<User, 'id'>, changes: Partial<User>): Promise<void> {
    await scope.nextNumber(deactivationsOf(user.id));
    await this.revoke(scope, user, changes);
  }

  /** How often a locked user was deactivated. */
  deactivations(scope: TenantScope, { id }: Pick<User, 'id'>): Promise<number> {
    return lastOf(scope, deactivationsOf(id));
  }

  /** The number of the tenant's last one: users with a later epoch have been revoked since. */
  last(scope: TenantScope): Promise<number> {
    return lastOf(scope, SERIES);
  }
}

function deactivationsOf(userId: string): string {
  return `deactivations of ${userId}`;
}

async function lastOf(scope: TenantScope, series: string): Promise<number> {
  return (await scope.findOne(TenantCounter, { series }))?.value ?? 0;
}
