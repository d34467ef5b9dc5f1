import { TenantDatabase, auditRecordOf, sealedPage } from '@atlas/persistence';
import {
  type AuditRecord,
  type ChainQuery,
  type Page,
  type PageQuery,
  type SealedAuditRecord,
  pageOf,
} from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { AuditEvent } from '../audit/audit-event.entity';
import { AuditSealer } from '../audit/audit-sealer';

/** Reads the audit trail of a tenant. */
@Injectable()
export class AuditTrail {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly sealer: AuditSealer,
  ) {}

  /** Latest first. */
  async list(tenantId: string, { cursor, limit }: PageQuery): Promise<Page<AuditRecord>> {
    const rows = await this.tenants.read(tenantId, (scope) => {
      const query = scope
        .query(AuditEvent, 'event')
        .orderBy('event.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('event.id < :cursor', { cursor });
      return query.getMany();
    });
    return pageOf(rows, limit, auditRecordOf);
  }

  /** Lists the entries oldest first, each with its position and hash. */
  async chain(tenantId: string, query: ChainQuery): Promise<Page<SealedAuditRecord>> {
    await this.sealer.seal(tenantId);
    return this.tenants.read(tenantId, ({ manager }) =>
      sealedPage(manager, { entity: AuditEvent, tenantId }, query),
    );
  }
}
