import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, type ExpectedVersion, type Page, pageOf, timeOfChange } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import {
  type CreateSloDto,
  type ListSlosQuery,
  type SloIndicator,
  type SloView,
  type UpdateSloDto,
} from '@atlas/tenant-api/slos';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit } from '../audit/audit';
import { differences } from '../audit/differences';
import { requireItems } from '../cmdb/item-locks';
import { minuteOf } from './minutes';
import { SloCredentials } from './slo-credentials';
import { SloEpisodes } from './slo-episodes';
import { evaluationAfter } from './slo-evaluations';
import { existingSlo, lockedSlo } from './slo-locks';
import { statusesNow } from './slo-statuses';
import { Slo } from './slo.entity';
import { indicatorKindFixed } from './slo.errors';
import { sloView } from './slo.view';

/** A page with statuses has no more, because a status sums up the events of up to 90 days. */
const MAX_STATUSES = 10;

@Injectable()
export class Slos {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly credentials: SloCredentials,
    private readonly episodes: SloEpisodes,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Throws `configuration_item_not_found`, `configuration_item_archived` and `credential_missing`. */
  create(tenantId: string, dto: CreateSloDto): Promise<SloView> {
    return this.tenants.write(tenantId, async (scope) => {
      const now = this.clock.now();
      const { name, service = null, ci_id: ciId = null, objective, window_days: windowDays } = dto;
      if (ciId) await requireItems(scope, [ciId]);
      const id = uuidv7(now);
      const { indicator } = await this.credentials.store(scope, id, dto.indicator);
      const slo: Slo = {
        tenantId,
        id,
        name: name.trim(),
        service: service?.trim() ?? null,
        ciId,
        objective,
        windowDays,
        indicator: { ...indicator },
        indicatorError: null,
        askedUntil: dto.indicator.kind === 'prometheus' ? minuteOf(now) : null,
        firing: null,
        incidentId: null,
        createdAt: now,
        updatedAt: now,
        deletedAt: null,
        dueAt: evaluationAfter(now),
      };
      await scope.insert(Slo, slo);
      const after = { name: slo.name, objective, window_days: windowDays, indicator: slo.indicator.kind };
      await this.audit.record(scope, { action: 'slo.created', targetKind: 'slo', targetId: id, after });
      return sloView(slo);
    });
  }

  list(tenantId: string, filter: ListSlosQuery): Promise<Page<SloView>> {
    const { cursor, service, ci_id: ciId, include } = filter;
    const limit = include ? Math.min(filter.limit, MAX_STATUSES) : filter.limit;
    return this.tenants.read(tenantId, async (scope) => {
      const query = scope
        .query(Slo, 'slo')
        .andWhere({ deletedAt: IsNull() })
        .orderBy('slo.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('slo.id < :cursor', { cursor });
      if (service !== undefined) query.andWhere({ service });
      if (ciId !== undefined) query.andWhere({ ciId });
      const rows = await query.getMany();
      const shown = include ? rows.slice(0, limit) : [];
      const statuses = await statusesNow(scope, shown, this.clock.now());
      const byId = new Map(shown.map(({ id }, index) => [id, statuses[index]]));
      return pageOf(rows, limit, (slo) => sloView(slo, byId.get(slo.id)));
    });
  }

  /** Throws `slo_not_found`. */
  get(tenantId: string, id: string): Promise<SloView> {
    return this.tenants.read(tenantId, async (scope) => sloView(await existingSlo(scope, id)));
  }

  /** Also throws `slo_not_found`, `changed_meanwhile` and `indicator_kind_fixed`; see {@link create}. */
  update(
    tenantId: string,
    id: string,
    dto: UpdateSloDto,
    expected: ExpectedVersion<SloView>,
  ): Promise<SloView> {
    return this.tenants.write(tenantId, async (scope) => {
      const slo = await lockedSlo(scope, id, 'update');
      const before = sloView(slo);
      expected.require(before);
      const changed: Slo = { ...slo, ...fieldsOf(dto) };
      if (changed.indicator.kind !== slo.indicator.kind) throw indicatorKindFixed(slo);
      const { indicator, hasChanged } = await this.credentials.store(scope, id, changed.indicator);
      changed.indicator = { ...indicator };
      if (!hasChanged && isDeepStrictEqual(sloView(changed), before)) return before;
      if (changed.ciId && changed.ciId !== slo.ciId) await requireItems(scope, [changed.ciId]);
      changed.updatedAt = timeOfChange(this.clock.now(), slo.updatedAt);
      await scope.update(Slo, { id }, changed);
      const after = sloView(changed);
      await this.record(scope, id, 'slo.updated', differences(before, after));
      return after;
    });
  }

  /** Also ends its episode and deletes its credentials. Throws `slo_not_found`. */
  delete(tenantId: string, id: string): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const slo = await lockedSlo(scope, id, 'update');
      const now = this.clock.now();
      const { firing, incidentId } = await this.episodes.end(scope, slo, now);
      await scope.update(Slo, { id }, { firing, incidentId, deletedAt: now, dueAt: now });
      await this.credentials.forget(scope, id);
      await this.record(scope, id, 'slo.deleted', { before: { name: slo.name } });
    });
  }

  private record(
    scope: TenantScope,
    id: string,
    action: string,
    values: { readonly before?: Record<string, unknown>; readonly after?: Record<string, unknown> },
  ): Promise<void> {
    return this.audit.record(scope, { action, targetKind: 'slo', targetId: id, ...values });
  }
}

function fieldsOf(dto: UpdateSloDto): Partial<Slo> {
  const { name, service, ci_id, objective, window_days, indicator } = dto;
  return {
    ...(name !== undefined && { name: name.trim() }),
    ...(service !== undefined && { service: service?.trim() ?? null }),
    ...(ci_id !== undefined && { ciId: ci_id }),
    ...(objective !== undefined && { objective }),
    ...(window_days !== undefined && { windowDays: window_days }),
    ...(indicator !== undefined && { indicator: { ...indicator } satisfies SloIndicator }),
  };
}
