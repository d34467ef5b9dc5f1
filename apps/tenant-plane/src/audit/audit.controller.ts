import { ApiBearerAuth, ApiTags, type Page, PageQuery, pageOf } from '@atlas/platform';
import { TenantDatabase } from '@atlas/persistence';
import { Controller, Get, Query } from '@nestjs/common';
import { CurrentTenant } from '../tenancy/request-tenant';
import { type Tenant } from '../tenancy/tenant.entity';
import { Requires } from '../tenancy/tenant.guard';
import { AuditEvent } from './audit-event.entity';

@ApiTags('audit')
@ApiBearerAuth()
@Controller('audit')
export class AuditController {
  constructor(private readonly tenants: TenantDatabase) {}

  @Requires('audit:read')
  @Get()
  async list(@CurrentTenant() tenant: Tenant, @Query() { cursor, limit }: PageQuery): Promise<Page<unknown>> {
    const rows = await this.tenants.read(tenant.id, (scope) => {
      const query = scope
        .query(AuditEvent, 'event')
        .orderBy('event.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('event.id < :cursor', { cursor });
      return query.getMany();
    });
    return pageOf(rows, limit, auditView);
  }
}

function auditView(event: AuditEvent): Record<string, unknown> {
  return {
    id: event.id,
    at: event.at,
    actor: { kind: event.actorKind, id: event.actorId },
    action: event.action,
    target: { kind: event.targetKind, id: event.targetId },
    before: event.before,
    after: event.after,
    ip: event.ip,
    trace_id: event.traceId,
  };
}
