import { type AddressedLetter, MailKind, type MailSubject, type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Revocations } from '../credentials/revocations';
import { lockUsers } from '../credentials/user-locks';
import { mayInvite, statusOf } from '../credentials/user-status';
import { UserTokens } from '../credentials/user-tokens';
import { type User } from '../credentials/user.entity';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { TenantUrls } from '../tenancy/tenant-urls';

/**
 * The email to an invited user. The email is dropped, with an audit entry, if the invitation was cancelled,
 * or if the inviter has since been deactivated or is no longer allowed to invite users. It is still sent if
 * the inviter has only changed their password.
 */
@Injectable()
export class InviteMail extends MailKind<TenantScope> {
  readonly name = 'invite';

  constructor(
    private readonly tokens: UserTokens,
    private readonly revocations: Revocations,
    private readonly audit: Audit,
    private readonly directory: TenantDirectory,
    private readonly urls: TenantUrls,
  ) {
    super();
  }

  /** What is stored about an invitation until its email is sent. */
  static subject(user: User, by: User, deactivations: number): MailSubject {
    return {
      user_id: user.id,
      epoch: String(user.credentialsEpoch),
      by_id: by.id,
      by_deactivations: String(deactivations),
    };
  }

  async write(scope: TenantScope, subject: MailSubject, attempt: number): Promise<AddressedLetter | null> {
    const tenant = await this.directory.find(scope.tenantId);
    const { user_id: id = '', by_id: byId = '' } = subject;
    const locked = await lockUsers(scope, [id, byId]);
    const [user, by] = [id, byId].map((one) => locked.find((row) => row.id === one));
    if (!tenant || !user || !by) return null;
    const isWanted = statusOf(user) === 'invited' && String(user.credentialsEpoch) === subject['epoch'];
    if (!isWanted) return this.drop(scope, user, 'invitation_ended');
    const deactivations = String(await this.revocations.deactivations(scope, by));
    // An earlier version did not count deactivations.
    const isMeant = mayInvite(by) && deactivations === (subject['by_deactivations'] ?? deactivations);
    if (!isMeant || user.invitationEndedAt) return this.drop(scope, user, 'inviter_not_allowed');
    const token = await this.tokens.mint(scope, user.id, 'invite', attempt);
    return {
      to: user.email,
      subject: `You have been invited to ${tenant.name}`,
      paragraphs: [
        `You have been invited to ${tenant.name} on Atlas, as ${user.role}. Choose a password to join:`,
        'The link can be used once and expires after seven days. If you did not expect this invitation, ' +
          'ignore it.',
      ],
      action: { label: 'Join', url: this.urls.invitation(tenant, token) },
    };
  }

  private async drop(scope: TenantScope, { id: targetId }: User, reason: string): Promise<null> {
    const after = { kind: this.name, reason };
    await this.audit.record(scope, { action: 'mail.dropped', targetKind: 'user', targetId, after });
    return null;
  }
}
