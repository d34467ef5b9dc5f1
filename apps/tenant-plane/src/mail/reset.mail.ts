import { type AddressedLetter, MailKind, type MailSubject, type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { lockUser } from '../credentials/user-locks';
import { statusOf } from '../credentials/user-status';
import { UserTokens } from '../credentials/user-tokens';
import { User } from '../credentials/user.entity';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { TenantUrls } from '../tenancy/tenant-urls';

/**
 * The email to an address for which someone requested a password reset. It is sent only if the address
 * belongs to an active user whose access has not been revoked since.
 */
@Injectable()
export class ResetMail extends MailKind<TenantScope> {
  readonly name = 'reset';

  constructor(
    private readonly tokens: UserTokens,
    private readonly directory: TenantDirectory,
    private readonly urls: TenantUrls,
    private readonly audit: Audit,
  ) {
    super();
  }

  async write(
    scope: TenantScope,
    { email, epoch }: MailSubject,
    attempt: number,
  ): Promise<AddressedLetter | null> {
    const tenant = await this.directory.find(scope.tenantId);
    const seen = await scope.findOne(User, { email });
    const user = seen && (await lockUser(scope, seen.id));
    const isWanted = user && statusOf(user) === 'active' && String(user.credentialsEpoch) === epoch;
    if (!tenant || !isWanted) return null;
    const token = await this.tokens.mint(scope, user.id, 'reset', attempt);
    const entry = { action: 'user.password_reset_sent', targetKind: 'user', targetId: user.id };
    await this.audit.record(scope, entry);
    return {
      to: user.email,
      subject: `Choose a new password for ${tenant.name}`,
      paragraphs: [
        `Someone, probably you, requested a new password for this address at ${tenant.name} on Atlas.`,
        'The link can be used once and expires after an hour. If this was not you, ignore this email. Your ' +
          'password stays the same.',
      ],
      action: { label: 'Choose a new password', url: this.urls.passwordReset(tenant, token) },
    };
  }
}
