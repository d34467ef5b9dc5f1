import { TenantCounter, type TenantScope } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit } from '../audit/audit';
import { Sessions } from './sessions';
import { WHERE_STATUS } from './user-status';
import { UserTokens } from './user-tokens';
import { User } from './user.entity';

/** Numbers the revocations in a tenant. A user's epoch is the number of that user's latest revocation. */
const SERIES = 'revocations';

/** Revokes users' access. */
@Injectable()
export class Revocations {
  constructor(
    private readonly sessions: Sessions,
    private readonly tokens: UserTokens,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Changes a user whose row is locked, and revokes all of the user's links and all their sessions except
   * `but`. The new epoch also invalidates what has no row yet: a sign-in whose password is being checked, or
   * a link whose email is waiting to be sent. Returns the number of sessions revoked.
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

  /**
   * Like {@link revoke}, but for all users of a tenant that admits no one yet. Also cancels open invitations.
   * Returns how many sessions, links and invitations were affected.
   */
  async revokeEverybodys(scope: TenantScope): Promise<Readonly<Record<string, number>>> {
    const credentialsEpoch = await scope.nextNumber(SERIES);
    await scope.update(User, {}, { credentialsEpoch });
    const invited = { ...WHERE_STATUS.invited, invitationEndedAt: IsNull() };
    return {
      sessions_ended: await this.sessions.endEverybodys(scope),
      links_ended: await this.tokens.revokeEverybodys(scope),
      invitations_ended: await scope.update(User, invited, { invitationEndedAt: this.clock.now() }),
    };
  }

  /**
   * Like {@link revoke}, but also counts the deactivation. Unlike a password change, a deactivation also
   * cancels invitations that the user has sent.
   */
  async deactivate(scope: TenantScope, user: Pick<User, 'id'>, changes: Partial<User>): Promise<void> {
    await scope.nextNumber(deactivationsOf(user.id));
    await this.revoke(scope, user, changes);
  }

  /**
   * Cancels the open invitations of these users, because their inviter is no longer allowed to invite users.
   * Their rows must be locked.
   */
  async endInvitations(scope: TenantScope, invited: readonly User[]): Promise<void> {
    const invitationEndedAt = this.clock.now();
    for (const { id, invitedBy } of invited) {
      await scope.update(User, { id }, { invitationEndedAt });
      await this.tokens.revoke(scope, id, 'invite');
      const entry = { action: 'user.invitation_ended', targetKind: 'user', targetId: id };
      await this.audit.record(scope, { ...entry, after: { invited_by: invitedBy } });
    }
  }

  /** How many times the user was deactivated. The user's row must be locked. */
  deactivations(scope: TenantScope, { id }: Pick<User, 'id'>): Promise<number> {
    return lastOf(scope, deactivationsOf(id));
  }

  /** The number of the tenant's latest revocation. Later revocations give users a higher epoch. */
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
