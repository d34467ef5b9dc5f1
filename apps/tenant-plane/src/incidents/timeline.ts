import { type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type TimelineItemView, type TimelineKind } from '@atlas/tenant-api/incidents';
import { In } from 'typeorm';
import { Incident } from './incident.entity';
import { TimelineItem } from './timeline-item.entity';

export interface TimelineEntry {
  readonly kind: TimelineKind;
  /** The user who did it. Null if no user did. */
  readonly by: string | null;
  readonly data: Record<string, unknown>;
  /** Defaults to now. */
  readonly at?: Date;
}

/**
 * Adds entries to the timeline of an incident whose row the transaction has locked or is about to insert. The
 * caller stores the returned length in that row.
 */
export async function addToTimeline(
  scope: TenantScope,
  incident: Incident,
  now: Date,
  entries: readonly TimelineEntry[],
): Promise<{ readonly timelineLength: number; readonly items: readonly TimelineItem[] }> {
  const { id: incidentId, timelineLength } = incident;
  const items: TimelineItem[] = [];
  for (const { kind, by, data, at = now } of [...beginning(incident, entries), ...entries]) {
    const position = timelineLength + items.length + 1;
    const item = {
      tenantId: scope.tenantId,
      id: uuidv7(at),
      incidentId,
      position,
      at,
      kind,
      byUser: by,
      data,
    };
    await scope.insert(TimelineItem, item);
    items.push(item);
  }
  return { timelineLength: timelineLength + items.length, items };
}

/** The first entry of an incident that was created before incidents had timelines. */
function beginning(incident: Incident, [first]: readonly TimelineEntry[]): readonly TimelineEntry[] {
  const { timelineLength, createdBy: by, createdAt: at, severity, source } = incident;
  if (timelineLength > 0 || first === undefined || first.kind === 'created') return [];
  return [{ kind: 'created', by, at, data: { severity, status: 'open', source } }];
}

/** Adds one entry to an incident's timeline. Throws `incident_not_found`. */
export async function noteInTimeline(
  scope: TenantScope,
  incidentId: string,
  at: Date,
  entry: TimelineEntry,
): Promise<TimelineItem> {
  const incident = await lockedIncident(scope, incidentId);
  const { timelineLength, items } = await addToTimeline(scope, incident, at, [entry]);
  await scope.update(Incident, { id: incidentId }, { timelineLength });
  const item = items.at(-1);
  if (!item) throw new Error('The entry was not added.');
  return item;
}

/** Locks the incident, so that the second of two concurrent changes starts from what the first one stored. */
export async function lockedIncident(scope: TenantScope, id: string): Promise<Incident> {
  const incident = await lockedForUpdate(scope.query(Incident, 'incident').andWhere({ id })).getOne();
  if (!incident) throw incidentNotFound();
  return incident;
}

/** Locks incidents in a fixed order. Those that do not exist are left out. */
export async function lockedIncidents(
  scope: TenantScope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Incident>> {
  if (ids.length === 0) return new Map();
  const query = scope.query(Incident, 'incident').andWhere({ id: In([...ids]) });
  const rows = await lockedForUpdate(query.orderBy('incident.id')).getMany();
  return new Map(rows.map((row) => [row.id, row]));
}

export function incidentNotFound(): DomainError {
  return new DomainError('incident_not_found', 'not_found', 'There is no such incident.');
}

export function timelineItemView({ id, at, kind, byUser, data }: TimelineItem): TimelineItemView {
  return { id, at, kind, by: byUser, data };
}
