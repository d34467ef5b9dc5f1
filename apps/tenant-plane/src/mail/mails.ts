import {
  type AddressedLetter,
  Database,
  MailKind,
  type OutgoingMailRow,
  OutgoingMails,
  TenantDatabase,
  type TenantScope,
} from '@atlas/persistence';
import { Clock, Mailer } from '@atlas/platform';
import { Inject, Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Egress } from '../egress/egress';
import { servingTenants } from '../tenancy/serving-tenants';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { OutgoingMail } from './outgoing-mail.entity';

export const MAIL_KINDS = Symbol('MAIL_KINDS');

/** One queue per tenant, because queued emails are the tenant's own rows. */
@Injectable()
export class Mails extends OutgoingMails<TenantScope> {
  constructor(
    @Inject(MAIL_KINDS) kinds: readonly MailKind<TenantScope>[],
    private readonly plane: Database,
    mailer: Mailer,
    clock: Clock,
    private readonly tenants: TenantDatabase,
    private readonly directory: TenantDirectory,
    private readonly audit: Audit,
    private readonly egress: Egress,
  ) {
    super(OutgoingMail, kinds, plane, mailer, clock);
  }

  protected queueOf({ tenantId }: TenantScope): string {
    return tenantId;
  }

  protected override async send(tenantId: string, letter: AddressedLetter): Promise<void> {
    const { to, subject, paragraphs, action } = letter;
    const text = [to, subject, ...paragraphs, ...(action ? [action.label, action.url] : [])];
    const admission = await this.egress.require({
      class: 'mail',
      tenantId,
      destination: this.mailer.serverUrl,
      fields: ['to', 'subject', 'text'],
      bytes: Buffer.byteLength(text.join('')),
    });
    return this.mailer.send(to, letter, () => admission.note());
  }

  protected queues(): AsyncIterable<string> {
    return servingTenants(this.plane);
  }

  protected async transaction<T>(
    tenantId: string,
    work: (scope: TenantScope) => Promise<T>,
  ): Promise<T | null> {
    return (await this.isAtHome(tenantId)) ? this.tenants.write(tenantId, work) : null;
  }

  protected async reading<T>(tenantId: string, work: (scope: TenantScope) => Promise<T>): Promise<T | null> {
    return (await this.isAtHome(tenantId)) ? this.tenants.read(tenantId, work) : null;
  }

  protected recordGivenUp(scope: TenantScope, { id, kind, attempts }: OutgoingMailRow): Promise<void> {
    const after = { kind, attempts };
    return this.audit.record(scope, { action: 'mail.given_up', targetKind: 'mail', targetId: id, after });
  }

  /**
   * No one can sign in to a suspended tenant, and the emails of a tenant that has moved away have moved with
   * it.
   */
  private async isAtHome(tenantId: string): Promise<boolean> {
    return (await this.directory.find(tenantId))?.status === 'active';
  }
}
