import { type AddressedLetter, MailKind, type MailScope, type MailSubject } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { SignupLinks } from '../tenants/signup-links';
import { Tenant } from '../tenants/tenant.entity';

export const WELCOME = 'welcome';

/** To the first admin, once the tenant is active, whichever way it was asked for. */
@Injectable()
export class WelcomeMail extends MailKind {
  readonly name = WELCOME;

  constructor(private readonly links: SignupLinks) {
    super();
  }

  async write({ manager }: MailScope, { tenant_id: id = '' }: MailSubject): Promise<AddressedLetter | null> {
    const tenant = await manager.findOneBy(Tenant, { id, status: 'active' });
    // A customer's own tenant plane may not have said where it is.
    if (!tenant?.url) return null;
    const { url } = await this.links.create(manager, id);
    return {
      to: tenant.adminEmail,
      subject: `Welcome to Atlas: ${tenant.name} is ready`,
      paragraphs: [
        `${tenant.name} is ready. Choose your password, and you are its first admin:`,
        'The link works once, and for seven days. Whoever else should come in is invited by you.',
        `Later you sign in at ${tenant.url}`,
      ],
      action: { label: 'Begin', url },
    };
  }
}
