import {
  Database,
  MailKind,
  type OutgoingMailRow,
  OutgoingMails,
  TenantDatabase,
  type TenantScope,
} from '@atlas/persistence';
import { Clock, Mailer } from '@atlas/platform';
import { Inject, Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { Tenant } from '../tenancy/tenant.entity';
import { OutgoingMail } from './outgoing-mail.entity';

export const MAIL_KINDS = Symbol('MAIL_KINDS');

const PAGE = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** A queue for each tenant: its mails are rows of its own. */
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
  ) {
    super(OutgoingMail, kinds, plane, mailer, clock);
  }

  protected queueOf({ tenantId }: TenantScope): string {
    return tenantId;
  }

  protected async *queues(): AsyncIterable<string> {
    let page: Tenant[];
    let after = BEFORE_ALL;
    do {
      page = await this.pageAfter(after);
      for (const { id } of page) yield (after = id);
    } while (page.length === PAGE);
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

  private pageAfter(after: string): Promise<Tenant[]> {
    const where = { phase: 'serving', id: MoreThan(after) } as const;
    return this.plane.read((manager) => manager.find(Tenant, { where, order: { id: 'ASC' }, take: PAGE }));
  }

  /** Nobody can sign in to a suspended tenant; one that moved away took its mails along. */
  private async isAtHome(tenantId: string): Promise<boolean> {
    return (await this.directory.find(tenantId))?.status === 'active';
  }
}
