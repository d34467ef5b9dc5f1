import { type AddressedLetter, MailKind, type MailSubject, type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { PERMISSIONS_OF_ROLE } from '../../accounts/permissions';
import { lockUsers } from '../../accounts/user-locks';
import { UserTokens } from '../../accounts/user-tokens';
import { statusOf } from '../../accounts/user-status';
import { type User } from '../../accounts/user.entity';
import { TenantDirectory } from '../../tenancy/tenant-directory';
import { TenantUrls } from '../../tenancy/tenant-urls';

/**
 * To somebody who may join. A mail goes out only while who invites them still may, and if nothing was revoked of either
 * since it was queued.
 */
@Injectable()
export class InviteMail extends MailKind<TenantScope> {
  readonly name = 'invite';

  constructor(
    private readonly tokens: UserTokens,
    private readonly directory: TenantDirectory,
    private readonly urls: TenantUrls,
  ) {
    super();
  }

  /** What is kept of an invitation. */
  static subject(user: User, by: User): MailSubject {
    return {
      ...{ user_id: user.id, epoch: String(user.credentialsEpoch) },
      ...{ by_id: by.id, by_epoch: String(by.credentialsEpoch) },
    };
  }

  async write(scope: TenantScope, subject: MailSubject): Promise<AddressedLetter | null> {
    const tenant = await this.directory.find(scope.tenantId);
    const { user_id: id = '', by_id: byId = '' } = subject;
    const locked = await lockUsers(scope, [id, byId]);
    const [user, by] = [id, byId].map((one) => locked.find((row) => row.id === one));
    if (!tenant || !user || !by) return null;
    const isWanted = statusOf(user) === 'invited' && String(user.credentialsEpoch) === subject['epoch'];
    const isMeant = mayInvite(by) && String(by.credentialsEpoch) === subject['by_epoch'];
    if (!isWanted || !isMeant) return null;
    const token = await this.tokens.mint(scope, user.id, 'invite');
    return {
      to: user.email,
      subject: `You are invited to ${tenant.name}`,
      paragraphs: [
        `You are invited to ${tenant.name} on Atlas, as ${user.role}. Choose a password to join:`,
        'The link works once, for seven days. If you do not know what this is about, ignore it.',
      ],
      action: { label: 'Join', url: this.urls.invitation(tenant, token) },
    };
  }
}

function mayInvite(user: User): boolean {
  return statusOf(user) === 'active' && PERMISSIONS_OF_ROLE[user.role].includes('users:write');
}
