import { Database, auditRecordOf, sealedPage } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiProperty,
  ApiTags,
  type AuditRecord,
  ChainQuery,
  Optional,
  type Page,
  PageQuery,
  type SealedAuditRecord,
  pageOf,
} from '@atlas/platform';
import { Controller, Get, Query } from '@nestjs/common';
import { IsString, Length } from 'class-validator';
import { Requires } from '../access/access.decorators';
import { tenantSlugs } from '../registry/tenant-slugs';
import { AuditEvent } from './audit-event.entity';
import { AuditSealer } from './audit-sealer';

export type AuditView = AuditRecord & {
  /** The tenant that the entry concerns, directly or through a job. */
  readonly tenant_slug: string | null;
};

export class ListAuditQuery extends PageQuery {
  @ApiProperty({ required: false, example: 'tenant.provision' })
  @Optional()
  @IsString()
  @Length(1, 100)
  action?: string;
}

@ApiTags('audit')
@ApiBearerAuth()
@Controller('audit')
export class AuditController {
  constructor(
    private readonly database: Database,
    private readonly sealer: AuditSealer,
  ) {}

  /** Newest first. */
  @Requires('audit:read')
  @Get()
  async list(@Query() { cursor, limit, action }: ListAuditQuery): Promise<Page<AuditView>> {
    return this.database.read(async (manager) => {
      const query = manager
        .createQueryBuilder(AuditEvent, 'event')
        .orderBy('event.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('event.id < :cursor', { cursor });
      if (action) query.andWhere('event.action = :action', { action });
      const rows = await query.getMany();
      const slugs = await tenantSlugs(manager, rows.map(tenantIdOf));
      return pageOf(rows, limit, (row) => ({
        ...auditRecordOf(row),
        tenant_slug: slugs.get(tenantIdOf(row)) ?? null,
      }));
    });
  }

  /** Oldest first, with the position and hash of each entry. */
  @Requires('audit:read')
  @Get('chain')
  async chain(@Query() query: ChainQuery): Promise<Page<SealedAuditRecord>> {
    await this.sealer.seal();
    return this.database.read((manager) => sealedPage(manager, { entity: AuditEvent }, query));
  }
}

/** Entries about jobs and sign-ups name their tenant in `after`. */
function tenantIdOf({ targetKind, targetId, after }: AuditEvent): unknown {
  return targetKind === 'tenant' ? targetId : after?.['tenant_id'];
}
