import { type ConfigurationItemView } from '@atlas/tenant-api/cmdb';
import { type ConfigurationItem } from './configuration-item.entity';

export function itemView(item: ConfigurationItem): ConfigurationItemView {
  return {
    id: item.id,
    name: item.name,
    type: item.type,
    key: item.key,
    status: item.status,
    criticality: item.criticality,
    attributes: item.attributes,
    source: item.source,
    created_at: item.createdAt,
    updated_at: item.updatedAt ?? item.createdAt,
    archived_at: item.archivedAt,
  };
}
