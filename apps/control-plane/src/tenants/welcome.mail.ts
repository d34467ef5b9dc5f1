import { type AddressedLetter, MailKind, type MailScope, type MailSubject } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { Tenant } from '../registry/tenant.entity';
import { SignupLinks } from './signup-links';

export const WELCOME = 'welcome';

/**
 * Welcomes the first admin, regardless of how the tenant was ordered. The email is retried
 * until the tenant is active and has an address, because its link works only then. If the
 * tenant is removed first, the email is dropped, and the audit trail records that.
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
    // A customer's plane may not have reported its address yet.
    if (!tenant.url) throw new Error(`Tenant "${slug}" has no address yet.`);
    const { url } = await this.links.create(manager, id);
    return {
      to: tenant.adminEmail,
      subject: `Welcome to Atlas: ${tenant.name} is ready`,
      paragraphs: [
        `${tenant.name} is ready. Choose a password to become its first admin:`,
        'The link can be used once and expires after seven days. Once signed up, you can invite other users.',
        `Later, sign in at ${tenant.url}`,
      ],
      action: { label: 'Get started', url },
    };
  }

  private async drop(manager: EntityManager, targetId: string): Promise<null> {
    const after = { kind: this.name, reason: 'tenant_gone' };
    await this.audit.record(manager, { action: 'mail.dropped', targetKind: 'tenant', targetId, after });
    return null;
  }
}
