import { type TenantScope } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { countUsage } from '../entitlements/count-usage';
import { setAffectedItems } from './affected-items';
import { assignment } from './incident-changes';
import { Incident } from './incident.entity';
import { dueTimes, nextBreach } from './sla';
import { slaPolicy } from './sla-policies';
import { type TimelineEntry, addToTimeline } from './timeline';

const UNTOUCHED = {
  alertCount: 0,
  acknowledgedAt: null,
  resolvedAt: null,
  closedAt: null,
  resolutionNotes: null,
  rootCause: null,
  respondedAt: null,
  responseBreachedAt: null,
  resolutionBreachedAt: null,
  slaDueAt: null,
  timelineLength: 0,
} satisfies Partial<Incident>;

export interface NewIncident extends Pick<
  Incident,
  'title' | 'description' | 'severity' | 'status' | 'source'
> {
  readonly createdBy: string | null;
  readonly assigneeId: string | null;
  /** The affected items, which the transaction has locked with `requireItems`. */
  readonly ciIds: readonly string[];
  readonly alertCount?: number;
}

/** Inserts an incident with its timeline, which begins with its creation and then has `entries`. */
export async function insertIncident(
  scope: TenantScope,
  now: Date,
  { ciIds, ...wanted }: NewIncident,
  entries: readonly TimelineEntry[] = [],
): Promise<Incident> {
  const policy = await slaPolicy(scope);
  const { severity, status, source, createdBy: by, assigneeId } = wanted;
  const incident: Incident = {
    ...UNTOUCHED,
    ...wanted,
    ...dueTimes(policy, severity, now),
    tenantId: scope.tenantId,
    id: uuidv7(now),
    number: `INC-${String(await scope.nextNumber('incident')).padStart(8, '0')}`,
    createdAt: now,
    updatedAt: now,
    slaPolicy: policy,
  };
  incident.slaDueAt = nextBreach(incident);
  const created: TimelineEntry = { kind: 'created', by, data: { severity, status, source } };
  const all = [created, ...assignment(null, assigneeId, by), ...entries];
  const { timelineLength } = await addToTimeline(scope, incident, now, all);
  const stored: Incident = { ...incident, timelineLength };
  await scope.insert(Incident, stored);
  await setAffectedItems(scope, incident.id, { before: [], after: ciIds }, now);
  await countUsage(scope, { meter: 'incidents', amount: 1, at: now });
  return stored;
}
