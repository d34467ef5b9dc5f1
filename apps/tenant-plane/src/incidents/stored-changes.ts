import { type TenantScope } from '@atlas/persistence';
import { timeOfChange } from '@atlas/platform';
import { setAffectedItems } from './affected-items';
import { changesOf } from './incident-changes';
import { Incident } from './incident.entity';
import { nextBreach, retargeted } from './sla';
import { type TimelineEntry, addToTimeline } from './timeline';

export interface IncidentChange {
  readonly changed: Incident;
  /** The user who changes it. Null if no user does. */
  readonly by: string | null;
  /** The affected items before and after the change. The added ones are locked. */
  readonly items: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** What else has happened. */
  readonly entries?: readonly TimelineEntry[];
}

/** Stores a change of a locked incident, with its new targets and its timeline. Returns the row as stored. */
export async function storeChange(
  scope: TenantScope,
  now: Date,
  incident: Incident,
  { changed, by, items, entries = [] }: IncidentChange,
): Promise<Incident> {
  const isReclassified = changed.severity !== incident.severity;
  const retimed = isReclassified ? { ...changed, ...retargeted(incident, changed.severity, now) } : changed;
  const all = [...entries, ...changesOf(incident, changed, by)];
  const { timelineLength } = await addToTimeline(scope, incident, now, all);
  const stored: Incident = {
    ...retimed,
    slaDueAt: nextBreach(retimed),
    timelineLength,
    updatedAt: timeOfChange(now, incident.updatedAt),
  };
  await scope.update(Incident, { id: incident.id }, stored);
  await setAffectedItems(scope, incident.id, items, now);
  return stored;
}
