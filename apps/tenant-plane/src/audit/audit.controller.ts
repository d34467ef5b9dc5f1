import {
  ApiBearerAuth,
  ApiTags,
  type AuditRecord,
  ChainQuery,
  type Page,
  PageQuery,
  type SealedAuditRecord,
  pageOf,
} from '@atlas/platform';
import { TenantDatabase, auditRecordOf, sealedPage } from '@atlas/persistence';
import { Controller, Get, Query } from '@nestjs/common';
import { CurrentTenant } from '../tenancy/request-tenant';
import { type Tenant } from '../tenancy/tenant.entity';
import { Requires } from '../tenancy/tenant.guard';
import { AuditEvent } from './audit-event.entity';
import { AuditSealer } from './audit-sealer';

@ApiTags('audit')
@ApiBearerAuth()
@Controller('audit')
export class AuditController {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly sealer: AuditSealer,
  ) {}

  @Requires('audit:read')
  @Get()
  async list(
    @CurrentTenant() tenant: Tenant,
    @Query() { cursor, limit }: PageQuery,
  ): Promise<Page<AuditRecord>> {
    const rows = await this.tenants.read(tenant.id, (scope) => {
      const query = scope
        .query(AuditEvent, 'event')
        .orderBy('event.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('event.id < :cursor', { cursor });
      return query.getMany();
    });
    return pageOf(rows, limit, auditRecordOf);
  }

  /** Oldest first, with the position and hash of each entry. */
  @Requires('audit:read')
  @Get('chain')
  async chain(
    @CurrentTenant() { id: tenantId }: Tenant,
    @Query() query: ChainQuery,
  ): Promise<Page<SealedAuditRecord>> {
    await this.sealer.seal(tenantId);
    return this.tenants.read(tenantId, ({ manager }) =>
      sealedPage(manager, { entity: AuditEvent, tenantId }, query),
    );
  }
}
