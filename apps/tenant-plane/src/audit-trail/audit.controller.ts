import {
  ApiBearerAuth,
  ApiTags,
  type AuditRecord,
  ChainQuery,
  type Page,
  PageQuery,
  type SealedAuditRecord,
} from '@atlas/platform';
import { Controller, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { Serves } from '../access/serves';
import { CurrentTenant } from '../access/tenant-request';
import { type Tenant } from '../tenancy/tenant.entity';
import { AuditTrail } from './audit-trail';

@ApiTags('audit')
@ApiBearerAuth()
@Controller()
export class AuditController {
  constructor(private readonly trail: AuditTrail) {}

  @Requires('audit:read')
  @Serves('GET /api/audit')
  list(@CurrentTenant() tenant: Tenant, @Query() query: PageQuery): Promise<Page<AuditRecord>> {
    return this.trail.list(tenant.id, query);
  }

  /** Oldest first, with the position and hash of each entry. */
  @Requires('audit:read')
  @Serves('GET /api/audit/chain')
  chain(@CurrentTenant() tenant: Tenant, @Query() query: ChainQuery): Promise<Page<SealedAuditRecord>> {
    return this.trail.chain(tenant.id, query);
  }
}
