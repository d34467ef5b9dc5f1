import { ApiBearerAuth, ApiProperty, ApiTags, Optional, type Page, PageQuery, pageOf } from '@atlas/platform';
import { Database } from '@atlas/persistence';
import { Controller, Get, Query } from '@nestjs/common';
import { IsString, Length } from 'class-validator';
import { Requires } from '../accounts/access.guard';
import { AuditEvent } from './audit-event.entity';

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
  constructor(private readonly database: Database) {}

  /** Newest first. */
  @Requires('audit:read')
  @Get()
  async list(@Query() { cursor, limit, action }: ListAuditQuery): Promise<Page<unknown>> {
    const rows = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(AuditEvent, 'event')
        .orderBy('event.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('event.id < :cursor', { cursor });
      if (action) query.andWhere('event.action = :action', { action });
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
