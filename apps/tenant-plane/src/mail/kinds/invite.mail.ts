import { type AddressedLetter, MailKind, type MailSubject, type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { lockUser } from '../../accounts/user-locks';
import { UserTokens } from '../../accounts/user-tokens';
import { statusOf } from '../../accounts/user-status';
import { TenantDirectory } from '../../tenancy/tenant-directory';
import { TenantUrls } from '../../tenancy/tenant-urls';

/** To somebody who may join. */
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

  async write(scope: TenantScope, { user_id: id }: MailSubject): Promise<AddressedLetter | null> {
    const tenant = await this.directory.find(scope.tenantId);
    const user = id === undefined ? null : await lockUser(scope, id);
    if (!tenant || !user || statusOf(user) !== 'invited') return null;
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
