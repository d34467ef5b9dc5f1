import {
  ApiBearerAuth,
  ApiTags,
  type AuditRecord,
  ChainQuery,
  type Page,
  PageQuery,
  type SealedAuditRecord,
  servesOf,
} from '@atlas/platform';
import { type AuditApi } from '@atlas/tenant-api/audit';
import { Controller, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant } from '../access/tenant-request';
import { type Permission } from '../credentials/permission';
import { type Tenant } from '../tenancy/tenant.entity';
import { AuditTrail } from './audit-trail';

const Serves = servesOf<AuditApi>();
const READ_AUDIT: Permission = { name: 'audit:read', from: 'admin' };

@ApiTags('audit')
@ApiBearerAuth()
@Controller()
export class AuditController {
  constructor(private readonly trail: AuditTrail) {}

  @Requires(READ_AUDIT)
  @Serves('GET /api/audit')
  list(@CurrentTenant() tenant: Tenant, @Query() query: PageQuery): Promise<Page<AuditRecord>> {
    return this.trail.list(tenant.id, query);
  }

  /** Lists the entries oldest first, each with its position and hash. */
  @Requires(READ_AUDIT)
  @Serves('GET /api/audit/chain')
  chain(@CurrentTenant() tenant: Tenant, @Query() query: ChainQuery): Promise<Page<SealedAuditRecord>> {
    return this.trail.chain(tenant.id, query);
  }
}
