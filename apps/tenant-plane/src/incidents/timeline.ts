import { type TenantScope } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { type TimelineItemView, type TimelineKind } from '@atlas/tenant-api/incidents';
import { type Incident } from './incident.entity';
import { TimelineItem } from './timeline-item.entity';

export interface TimelineEntry {
  readonly kind: TimelineKind;
  /** The user who did it. Null if no user did. */
  readonly by: string | null;
  readonly data: Record<string, unknown>;
}

/**
 * Adds entries to the timeline of an incident whose row the transaction has locked or created. The caller
 * stores the returned length in that row.
 */
export async function addToTimeline(
  scope: TenantScope,
  { id: incidentId, timelineLength }: Pick<Incident, 'id' | 'timelineLength'>,
  at: Date,
  entries: readonly TimelineEntry[],
): Promise<{ readonly timelineLength: number; readonly items: readonly TimelineItem[] }> {
  const items: TimelineItem[] = [];
  for (const { kind, by, data } of entries) {
    const position = timelineLength + items.length + 1;
    const item = { tenantId: scope.tenantId, id: uuidv7(at), incidentId, position, at, kind, byUser: by, data };
    await scope.insert(TimelineItem, item);
    items.push(item);
  }
  return { timelineLength: timelineLength + items.length, items };
}

export function timelineItemView({ id, at, kind, byUser, data }: TimelineItem): TimelineItemView {
  return { id, at, kind, by: byUser, data };
}
