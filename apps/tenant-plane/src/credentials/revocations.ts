import { TenantCounter, type TenantScope } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit } from '../audit/audit';
import { Sessions } from './sessions';
import { WHERE_STATUS } from './user-status';
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
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Changes a locked user, and ends every link and session but `but`. The new
   * epoch reaches what no row shows yet: a sign-in whose password is being
   * checked, a mail that is waiting to be sent. How many sessions there were.
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
   * As {@link revoke}, of every user of a tenant that lets nobody in yet, and ends the invitations of those
   * who have not come. How many sessions, links and invitations there were.
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

  /** As {@link revoke}, and counts: unlike a new password it also takes back what the user has asked for. */
  async deactivate(scope: TenantScope, user: Pick<User, 'id'>, changes: Partial<User>): Promise<void> {
    await scope.nextNumber(deactivationsOf(user.id));
    await this.revoke(scope, user, changes);
  }

  /**
   * Ends the invitations of locked users who have not come
   * yet, since whoever sent them may invite nobody any more.
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
