import { type AddressedLetter, MailKind, type MailSubject, type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { User } from '../credentials/user.entity';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { TenantUrls } from '../tenancy/tenant-urls';

/** Tells a user that their password was changed, no matter who changed it. */
@Injectable()
export class PasswordChangedMail extends MailKind<TenantScope> {
  readonly name = 'password_changed';

  constructor(
    private readonly directory: TenantDirectory,
    private readonly urls: TenantUrls,
  ) {
    super();
  }

  async write(scope: TenantScope, { user_id: id }: MailSubject): Promise<AddressedLetter | null> {
    const tenant = await this.directory.find(scope.tenantId);
    const user = await scope.findOne(User, { id });
    if (!tenant || !user) return null;
    return {
      to: user.email,
      subject: `Your password for ${tenant.name} was changed`,
      paragraphs: [
        `Your password for ${tenant.name} on Atlas was changed. Your other sessions were signed out.`,
        `If this was not you, reset your password at ${this.urls.home(tenant)}, and tell an admin.`,
      ],
    };
  }
}
