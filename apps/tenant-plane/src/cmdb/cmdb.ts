import { isDeepStrictEqual } from 'node:util';
import {
  TenantDatabase,
  type TenantScope,
  type UniqueRule,
  lockedForUpdate,
  plannedForValues,
  violates,
} from '@atlas/persistence';
import { Clock, type Page, pageOf, type ExpectedVersion, timeOfChange } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import {
  type ConfigurationItemView,
  CreateConfigurationItemDto,
  ListConfigurationItemsQuery,
  UpdateConfigurationItemDto,
} from '@atlas/tenant-api/cmdb';
import { Injectable } from '@nestjs/common';
import { In, IsNull, Not, type SelectQueryBuilder } from 'typeorm';
import { Audit } from '../audit/audit';
import { differences } from '../audit/differences';
import { whereContains } from '../database/text-search';
import { requireSensibleAttributes } from './attribute-limits';
import { itemArchived, itemNotFound, keyExists } from './cmdb.errors';
import { ConfigurationItem } from './configuration-item.entity';
import { itemView } from './configuration-item.view';

const KEY_RULE: UniqueRule = {
  name: 'configuration_items_key_uq',
  table: 'configuration_items',
  columns: ['tenant_id', 'type', 'key'],
};

@Injectable()
export class Cmdb {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Throws `attributes_too_large` and `key_exists`. */
  async create(tenantId: string, dto: CreateConfigurationItemDto): Promise<ConfigurationItemView> {
    requireSensibleAttributes(dto.attributes ?? {});
    return this.tenants.write(tenantId, async (scope) => {
      const now = this.clock.now();
      const { name, type, key = null, attributes = {} } = dto;
      const item: ConfigurationItem = {
        tenantId,
        id: uuidv7(now),
        name: name.trim(),
        type: type.trim(),
        key: key?.trim() ?? null,
        status: dto.status ?? 'production',
        criticality: dto.criticality ?? 'medium',
        attributes,
        source: 'manual',
        createdAt: now,
        updatedAt: now,
        archivedAt: null,
      };
      await withFreeKey(item, () => scope.insert(ConfigurationItem, item));
      const entry = {
        action: 'configuration_item.created',
        targetKind: 'configuration_item',
        targetId: item.id,
      };
      await this.audit.record(scope, { ...entry, after: { name: item.name, type: item.type } });
      return itemView(item);
    });
  }

  async list(tenantId: string, filter: ListConfigurationItemsQuery): Promise<Page<ConfigurationItemView>> {
    const rows = await this.tenants.read(tenantId, (scope) =>
      plannedForValues(itemsMatching(scope, filter)).getMany(),
    );
    return pageOf(rows, filter.limit, itemView);
  }

  /** Throws `configuration_item_not_found`. */
  async get(tenantId: string, id: string): Promise<ConfigurationItemView> {
    const item = await this.tenants.read(tenantId, (scope) => scope.findOne(ConfigurationItem, { id }));
    if (!item) throw itemNotFound();
    return itemView(item);
  }

  /**
   * Also throws `configuration_item_not_found`, `configuration_item_archived` and `changed_meanwhile`; see
   * {@link create}.
   */
  async update(
    tenantId: string,
    id: string,
    { name, type, key, ...rest }: UpdateConfigurationItemDto,
    expected: ExpectedVersion<ConfigurationItemView>,
  ): Promise<ConfigurationItemView> {
    if (rest.attributes) requireSensibleAttributes(rest.attributes);
    return this.tenants.write(tenantId, async (scope) => {
      const item = await lockedItem(scope, id);
      if (item.archivedAt) throw itemArchived('conflict', id);
      const before = itemView(item);
      expected.require(before);
      const changed: ConfigurationItem = {
        ...item,
        ...rest,
        ...(name !== undefined && { name: name.trim() }),
        ...(type !== undefined && { type: type.trim() }),
        ...(key !== undefined && { key: key?.trim() ?? null }),
      };
      if (isDeepStrictEqual(itemView(changed), before)) return before;
      changed.updatedAt = timeOfChange(this.clock.now(), before.updated_at);
      await withFreeKey(changed, () => scope.update(ConfigurationItem, { id }, changed));
      const after = itemView(changed);
      await this.audit.record(scope, {
        action: 'configuration_item.updated',
        targetKind: 'configuration_item',
        targetId: id,
        ...differences(before, after),
      });
      return after;
    });
  }

  /** Does nothing if the item is archived already. Throws `configuration_item_not_found`. */
  archive(tenantId: string, id: string): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const item = await lockedItem(scope, id);
      if (item.archivedAt) return;
      const archivedAt = this.clock.now();
      await scope.update(ConfigurationItem, { id }, { archivedAt, updatedAt: archivedAt });
      const entry = { targetKind: 'configuration_item', targetId: id };
      await this.audit.record(scope, { ...entry, action: 'configuration_item.archived' });
    });
  }
}

/** A page of items, newest first, and one more if there is another page. */
function itemsMatching(
  scope: TenantScope,
  { cursor, limit, type, key, status, criticality, ids, q, archived }: ListConfigurationItemsQuery,
): SelectQueryBuilder<ConfigurationItem> {
  const query = scope
    .query(ConfigurationItem, 'item')
    .orderBy('item.id', 'DESC')
    .take(limit + 1);
  if (archived !== undefined || ids === undefined)
    query.andWhere({ archivedAt: archived === 'true' ? Not(IsNull()) : IsNull() });
  if (cursor) query.andWhere('item.id < :cursor', { cursor });
  if (type) query.andWhere({ type });
  if (key) query.andWhere({ key });
  if (status) query.andWhere({ status });
  if (criticality) query.andWhere({ criticality });
  if (ids) query.andWhere({ id: In(ids) });
  if (q !== undefined) whereContains(query, ['name', 'key'], q);
  return query;
}

/** Locks the item. Throws `configuration_item_not_found`. */
async function lockedItem(scope: TenantScope, id: string): Promise<ConfigurationItem> {
  const item = await lockedForUpdate(scope.query(ConfigurationItem, 'item').andWhere({ id })).getOne();
  if (!item) throw itemNotFound();
  return item;
}

async function withFreeKey<T>({ type, key }: ConfigurationItem, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw violates(error, KEY_RULE) && key !== null ? keyExists(type, key) : error;
  }
}
