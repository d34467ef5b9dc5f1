import { TenantDatabase } from '@atlas/persistence';
import { Clock, DomainError, type Page, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import {
  CreateConfigurationItemDto,
  type ConfigurationItemView,
  ListConfigurationItemsQuery,
} from '@atlas/tenant-api/cmdb';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { requireSensibleAttributes } from './attribute-limits';
import { ConfigurationItem } from './configuration-item.entity';

@Injectable()
export class Cmdb {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Throws `attributes_too_large`. */
  async create(tenantId: string, dto: CreateConfigurationItemDto): Promise<ConfigurationItemView> {
    requireSensibleAttributes(dto.attributes ?? {});
    return this.tenants.write(tenantId, async (scope) => {
      const now = this.clock.now();
      const { name, type, attributes = {} } = dto;
      const item: ConfigurationItem = {
        tenantId,
        id: uuidv7(now),
        name: name.trim(),
        type: type.trim(),
        attributes,
        createdAt: now,
      };
      await scope.insert(ConfigurationItem, item);
      const entry = {
        action: 'configuration_item.created',
        targetKind: 'configuration_item',
        targetId: item.id,
      };
      await this.audit.record(scope, { ...entry, after: { name: item.name, type: item.type } });
      return viewOf(item);
    });
  }

  async list(
    tenantId: string,
    { cursor, limit, type }: ListConfigurationItemsQuery,
  ): Promise<Page<ConfigurationItemView>> {
    const rows = await this.tenants.read(tenantId, (scope) => {
      const query = scope
        .query(ConfigurationItem, 'item')
        .orderBy('item.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('item.id < :cursor', { cursor });
      if (type) query.andWhere('item.type = :type', { type });
      return query.getMany();
    });
    return pageOf(rows, limit, viewOf);
  }

  async get(tenantId: string, id: string): Promise<ConfigurationItemView> {
    const item = await this.tenants.read(tenantId, (scope) => scope.findOne(ConfigurationItem, { id }));
    if (!item)
      throw new DomainError(
        'configuration_item_not_found',
        'not_found',
        'There is no such configuration item.',
      );
    return viewOf(item);
  }
}

function viewOf({ id, name, type, attributes, createdAt }: ConfigurationItem): ConfigurationItemView {
  return { id, name, type, attributes, created_at: createdAt };
}
