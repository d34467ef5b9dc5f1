import { DomainError } from '@atlas/platform';
import { type IncidentStatus, INCIDENT_MACHINE, type UpdateIncidentDto } from '@atlas/tenant-api/incidents';
import { type Incident } from './incident.entity';
import { type TimelineEntry } from './timeline';

export function fieldsOf(dto: UpdateIncidentDto): Partial<Incident> {
  const { title, description, severity, assignee_id, resolution_notes, root_cause } = dto;
  return {
    ...(title !== undefined && { title: title.trim() }),
    ...(description !== undefined && { description }),
    ...(severity !== undefined && { severity }),
    ...(assignee_id !== undefined && { assigneeId: assignee_id }),
    ...(resolution_notes !== undefined && { resolutionNotes: resolution_notes }),
    ...(root_cause !== undefined && { rootCause: root_cause }),
  };
}

/** What a change of status changes. Throws `invalid_transition`. */
export function transition(incident: Incident, to: IncidentStatus | undefined, now: Date): Partial<Incident> {
  if (to === undefined || to === incident.status) return {};
  if (!INCIDENT_MACHINE.can(incident.status, to)) {
    const allowed = INCIDENT_MACHINE.next(incident.status).join(' or ');
    throw new DomainError(
      'invalid_transition',
      'conflict',
      `An incident with status ${incident.status} can only change to ${allowed}.`,
    );
  }
  const { acknowledgedAt, respondedAt, resolvedAt } = incident;
  const isResolved = to === 'resolved' || to === 'closed';
  const isAcknowledged = to === 'acknowledged' || to === 'investigating';
  return {
    status: to,
    acknowledgedAt: isAcknowledged ? (acknowledgedAt ?? now) : acknowledgedAt,
    respondedAt: isAcknowledged || isResolved ? (respondedAt ?? now) : respondedAt,
    resolvedAt: isResolved ? (resolvedAt ?? now) : null,
    closedAt: to === 'closed' ? now : null,
  };
}

export function requireResolutionNotes({ resolutionNotes }: Incident): void {
  if (resolutionNotes !== null) return;
  const detail = 'An incident can be closed only with resolution_notes. Send them with this request.';
  throw new DomainError('resolution_notes_required', 'unprocessable', detail);
}

export function changesOf(before: Incident, after: Incident, by: string | null): TimelineEntry[] {
  const change = (kind: 'status' | 'severity'): TimelineEntry[] =>
    before[kind] === after[kind] ? [] : [{ kind, by, data: { from: before[kind], to: after[kind] } }];
  return [...change('status'), ...change('severity'), ...assignment(before.assigneeId, after.assigneeId, by)];
}

export function assignment(from: string | null, to: string | null, by: string | null): TimelineEntry[] {
  return from === to ? [] : [{ kind: 'assigned', by, data: { from, to } }];
}

export function changesNothing(incident: Incident, wanted: Partial<Incident>): boolean {
  const merged = { ...incident, ...wanted };
  return Object.entries(incident).every(([name, value]) => merged[name as keyof Incident] === value);
}

/** The wanted items: those that were there already, then the others, as they will be read back. */
export function merged(before: readonly string[], wanted: readonly string[] = before): readonly string[] {
  const kept = before.filter((id) => wanted.includes(id));
  return [...kept, ...wanted.filter((id) => !before.includes(id))];
}
