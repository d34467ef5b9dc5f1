import { type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { Sessions } from './sessions';
import { UserTokens } from './user-tokens';
import { User } from './user.entity';

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
    { id, credentialsEpoch }: User,
    changes: Partial<User>,
    but?: string,
  ): Promise<number> {
    await scope.update(User, { id }, { ...changes, credentialsEpoch: credentialsEpoch + 1 });
    await this.tokens.revokeAll(scope, id);
    return this.sessions.endAll(scope, id, but);
  }
}
