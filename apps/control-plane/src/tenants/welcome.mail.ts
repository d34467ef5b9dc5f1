import { type AddressedLetter, MailKind, type MailScope, type MailSubject } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { Tenant } from '../registry/tenant.entity';
import { SignupLinks } from './signup-links';

export const WELCOME = 'welcome';

/**
 * To the first admin, whichever way the tenant was asked for. Its link opens once
 * the tenant is active and has an address: until then the mail waits, as one does
 * that the server does not take. That a tenant is gone before is audited.
 */
@Injectable()
export class WelcomeMail extends MailKind {
  readonly name = WELCOME;

  constructor(
    private readonly links: SignupLinks,
    private readonly audit: Audit,
  ) {
    super();
  }

  async write({ manager }: MailScope, { tenant_id: id = '' }: MailSubject): Promise<AddressedLetter | null> {
    const tenant = await manager.findOneByOrFail(Tenant, { id });
    const { slug, status, restorableUntil } = tenant;
    if (status === 'deleted' || restorableUntil) return this.drop(manager, id);
    if (status !== 'active') throw new Error(`Tenant "${slug}" is ${status}.`);
    // A customer's own tenant plane may not have said where it is.
    if (!tenant.url) throw new Error(`Tenant "${slug}" has no address yet.`);
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

  private async drop(manager: EntityManager, targetId: string): Promise<null> {
    const after = { kind: this.name, reason: 'tenant_gone' };
    await this.audit.record(manager, { action: 'mail.dropped', targetKind: 'tenant', targetId, after });
    return null;
  }
}
