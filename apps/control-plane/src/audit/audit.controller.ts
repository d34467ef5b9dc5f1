import { ListAuditQuery, type AuditView } from '@atlas/operator-api';
import { Database, auditRecordOf, plannedForValues, sealedPage } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiTags,
  ChainQuery,
  type Page,
  type SealedAuditRecord,
  pageOf,
} from '@atlas/platform';
import { Controller, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { Serves } from '../access/serves';
import { tenantSlugs } from '../registry/tenant-slugs';
import { AuditEvent } from './audit-event.entity';
import { AuditSealer } from './audit-sealer';

@ApiTags('audit')
@ApiBearerAuth()
@Controller()
export class AuditController {
  constructor(
    private readonly database: Database,
    private readonly sealer: AuditSealer,
  ) {}

  /** Newest first. */
  @Requires('audit:read')
  @Serves('GET /api/audit')
  async list(@Query() { cursor, limit, action }: ListAuditQuery): Promise<Page<AuditView>> {
    return this.database.read(async (manager) => {
      const query = manager
        .createQueryBuilder(AuditEvent, 'event')
        .orderBy('event.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('event.id < :cursor', { cursor });
      if (action) query.andWhere('event.action = :action', { action });
      const rows = await plannedForValues(query).getMany();
      const slugs = await tenantSlugs(manager, rows.map(tenantIdOf));
      return pageOf(rows, limit, (row) => ({
        ...auditRecordOf(row),
        tenant_slug: slugs.get(tenantIdOf(row)) ?? null,
      }));
    });
  }

  /** Lists entries oldest first, with the position and hash of each entry. */
  @Requires('audit:read')
  @Serves('GET /api/audit/chain')
  async chain(@Query() query: ChainQuery): Promise<Page<SealedAuditRecord>> {
    await this.sealer.seal();
    return this.database.read((manager) => sealedPage(manager, { entity: AuditEvent }, query));
  }
}

/** Entries about jobs and sign-ups name their tenant in `after`. */
function tenantIdOf({ targetKind, targetId, after }: AuditEvent): unknown {
  return targetKind === 'tenant' ? targetId : after?.['tenant_id'];
}
