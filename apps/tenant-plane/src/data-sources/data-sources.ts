import { TenantDatabase, type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { Clock, DomainError, type Page, type PageQuery, pageOf, type ExpectedVersion } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import {
  CreateDataSourceDto,
  type DataSourceView,
  type DataSourceWithKeyView,
  RotateKeyDto,
  UpdateDataSourceDto,
} from '@atlas/tenant-api/data-sources';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit } from '../audit/audit';
import { differences } from '../audit/differences';
import { overlapping } from '../credentials/previous-keys';
import { hashToken, mintToken } from '../credentials/tenant-token';
import { Quotas } from '../entitlements/quotas';
import { type Tenant } from '../tenancy/tenant.entity';
import { TenantUrls } from '../tenancy/tenant-urls';
import { DataSource } from './data-source.entity';
import { dataSourceView } from './data-source.view';

@Injectable()
export class DataSources {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly urls: TenantUrls,
    private readonly audit: Audit,
    private readonly quotas: Quotas,
    private readonly clock: Clock,
  ) {
    const kept = { deletedAt: IsNull() };
    quotas.on('data_sources', (scope) => scope.query(DataSource, 'source').andWhere(kept).getCount());
  }

  /** Throws `quota_exceeded`. */
  create(tenant: Tenant, dto: CreateDataSourceDto): Promise<DataSourceWithKeyView> {
    return this.tenants.write(tenant.id, async (scope) => {
      const now = this.clock.now();
      const key = mintToken('dataSource', tenant.id);
      const source: DataSource = {
        tenantId: tenant.id,
        id: uuidv7(now),
        name: dto.name.trim(),
        kind: dto.kind,
        keyHash: hashToken(key),
        previousKeys: [],
        groupBy: dto.group_by ?? ['alertname'],
        windowMinutes: dto.window_minutes ?? 30,
        enabled: true,
        lastReceivedAt: null,
        createdAt: now,
        deletedAt: null,
      };
      await this.quotas.requireRoom(scope, 'data_sources');
      await scope.insert(DataSource, source);
      const { name, kind } = source;
      await this.record(scope, 'data_source.created', source, { after: { name, kind } });
      return this.withKey(tenant, source, key);
    });
  }

  async list(tenant: Tenant, { cursor, limit }: PageQuery): Promise<Page<DataSourceView>> {
    const rows = await this.tenants.read(tenant.id, (scope) => {
      const query = scope
        .query(DataSource, 'source')
        .andWhere({ deletedAt: IsNull() })
        .orderBy('source.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('source.id < :cursor', { cursor });
      return query.getMany();
    });
    return pageOf(rows, limit, (row) => this.viewOf(tenant, row));
  }

  /** Throws `data_source_not_found`. */
  async get(tenant: Tenant, id: string): Promise<DataSourceView> {
    const source = await this.tenants.read(tenant.id, (scope) =>
      scope.findOne(DataSource, { id, deletedAt: IsNull() }),
    );
    if (!source) throw dataSourceNotFound();
    return this.viewOf(tenant, source);
  }

  /** Throws `data_source_not_found` and `changed_meanwhile`. */
  update(
    tenant: Tenant,
    id: string,
    dto: UpdateDataSourceDto,
    expected: ExpectedVersion<DataSourceView>,
  ): Promise<DataSourceView> {
    return this.tenants.write(tenant.id, async (scope) => {
      const source = await lockedSource(scope, id);
      const changed: DataSource = {
        ...source,
        name: dto.name?.trim() ?? source.name,
        groupBy: dto.group_by ?? source.groupBy,
        windowMinutes: dto.window_minutes ?? source.windowMinutes,
        enabled: dto.enabled ?? source.enabled,
      };
      const [before, after] = [this.viewOf(tenant, source), this.viewOf(tenant, changed)];
      expected.require(before);
      const change = differences(before, after);
      if (Object.keys(change.after).length === 0) return before;
      await scope.update(DataSource, { id }, changed);
      await this.record(scope, 'data_source.updated', source, change);
      return after;
    });
  }

  /** Waits for requests that are storing alerts with the old key. Throws `data_source_not_found`. */
  rotateKey(tenant: Tenant, id: string, dto: RotateKeyDto): Promise<DataSourceWithKeyView> {
    return this.tenants.write(tenant.id, async (scope) => {
      const source = await lockedSource(scope, id);
      const key = mintToken('dataSource', tenant.id);
      const isRevoked = dto.revoke_now ?? false;
      const previousKeys = isRevoked ? [] : overlapping(source, this.clock.now());
      const rotated: DataSource = { ...source, keyHash: hashToken(key), previousKeys };
      await scope.update(DataSource, { id }, rotated);
      await this.record(scope, 'data_source.key_rotated', source, { after: { revoke_now: isRevoked } });
      return this.withKey(tenant, rotated, key);
    });
  }

  /** Waits for requests that are storing alerts. Throws `data_source_not_found`. */
  delete(tenant: Tenant, id: string): Promise<void> {
    return this.tenants.write(tenant.id, async (scope) => {
      const source = await lockedSource(scope, id);
      const deletedAt = this.clock.now();
      await scope.update(DataSource, { id }, { keyHash: null, previousKeys: [], deletedAt });
      await this.record(scope, 'data_source.deleted', source);
    });
  }

  private viewOf(tenant: Tenant, source: DataSource): DataSourceView {
    return dataSourceView(this.urls.home(tenant), this.clock.now(), source);
  }

  private withKey(tenant: Tenant, source: DataSource, key: string): DataSourceWithKeyView {
    return { ...dataSourceView(this.urls.home(tenant), this.clock.now(), source, key), key };
  }

  private record(
    scope: TenantScope,
    action: string,
    { id }: DataSource,
    values: { readonly before?: Record<string, unknown>; readonly after?: Record<string, unknown> } = {},
  ): Promise<void> {
    return this.audit.record(scope, { action, targetKind: 'data_source', targetId: id, ...values });
  }
}

async function lockedSource(scope: TenantScope, id: string): Promise<DataSource> {
  const query = scope.query(DataSource, 'source').andWhere({ id, deletedAt: IsNull() });
  const source = await lockedForUpdate(query).getOne();
  if (!source) throw dataSourceNotFound();
  return source;
}

function dataSourceNotFound(): DomainError {
  return new DomainError('data_source_not_found', 'not_found', 'There is no such data source.');
}
