import { type DataSourceView } from '@atlas/tenant-api/data-sources';
import { previousKeyUntil } from '../credentials/previous-keys';
import { type DataSource } from './data-source.entity';

/** Stands for the key where it cannot be shown. */
const KEY = '{key}';

export function dataSourceView(home: string, now: Date, source: DataSource, key = KEY): DataSourceView {
  return {
    id: source.id,
    name: source.name,
    kind: source.kind,
    ingest_url: `${home}/api/ingest/${source.kind}/${key}`,
    group_by: source.groupBy,
    window_minutes: source.windowMinutes,
    enabled: source.enabled,
    last_received_at: source.lastReceivedAt,
    created_at: source.createdAt,
    previous_key_until: previousKeyUntil(source, now),
  };
}

/** What a repeated request gets, as a key is stored only as a hash. */
export function withoutKey(answer: Record<string, unknown>): Record<string, unknown> {
  const ingest_url = String(answer['ingest_url']).replace(String(answer['key']), KEY);
  return { ...answer, ingest_url, key: null };
}
