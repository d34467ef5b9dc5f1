import { type Severity } from '@atlas/tenant-api/incidents';
import { type SlaPolicyView, type SlaStatus, type SlaView } from '@atlas/tenant-api/sla';
import { type Incident } from './incident.entity';

const MINUTE_MS = 60_000;
/** The share of a target's time after which the target is at risk. */
export const AT_RISK = 0.8;

export const DEFAULT_POLICY: SlaPolicyView = {
  P1: { response_minutes: 15, resolution_minutes: 240 },
  P2: { response_minutes: 30, resolution_minutes: 480 },
  P3: { response_minutes: 240, resolution_minutes: 1440 },
  P4: { response_minutes: 480, resolution_minutes: 4320 },
  P5: { response_minutes: 1440, resolution_minutes: 10_080 },
};

export type SlaFacts = Pick<
  Incident,
  | 'status'
  | 'createdAt'
  | 'responseDueAt'
  | 'resolutionDueAt'
  | 'respondedAt'
  | 'resolvedAt'
  | 'responseBreachedAt'
  | 'resolutionBreachedAt'
>;

/** When an incident of this severity must have been responded to and resolved. */
export function dueTimes(
  policy: SlaPolicyView,
  severity: Severity,
  createdAt: Date,
): { readonly responseDueAt: Date; readonly resolutionDueAt: Date } {
  const { response_minutes: response, resolution_minutes: resolution } = policy[severity];
  const after = (minutes: number): Date => new Date(createdAt.getTime() + minutes * MINUTE_MS);
  return { responseDueAt: after(response), resolutionDueAt: after(resolution) };
}

export type SlaTarget = 'response' | 'resolution';

/** The targets that are neither met nor recorded as breached, with their due times. */
function openTargets(incident: SlaFacts): readonly (readonly [SlaTarget, Date])[] {
  const { responseDueAt, resolutionDueAt, resolvedAt } = incident;
  const open: [SlaTarget, Date][] = [];
  if (responseDueAt && !hasResponse(incident) && !incident.responseBreachedAt)
    open.push(['response', responseDueAt]);
  if (resolutionDueAt && !resolvedAt && !incident.resolutionBreachedAt)
    open.push(['resolution', resolutionDueAt]);
  return open;
}

/** During an upgrade, a replica of an earlier version changes the status without noting the response. */
function hasResponse({ status, respondedAt }: SlaFacts): boolean {
  return respondedAt !== null || (status !== 'triggered' && status !== 'open');
}

/** The targets that have been missed and whose breach is not recorded yet. */
export function missedTargets(incident: SlaFacts, now: Date): readonly (readonly [SlaTarget, Date])[] {
  return openTargets(incident).filter(([, dueAt]) => now > dueAt);
}

/**
 * The targets after a change of severity. A target that is already met keeps its due time. A breach that was
 * recorded is forgotten if the target can still be met now.
 */
export function retargeted(incident: Incident, severity: Severity, now: Date): Partial<Incident> {
  if (!incident.slaPolicy) return {};
  const due = dueTimes(incident.slaPolicy, severity, incident.createdAt);
  return {
    ...(!hasResponse(incident) && {
      responseDueAt: due.responseDueAt,
      responseBreachedAt: due.responseDueAt >= now ? null : incident.responseBreachedAt,
    }),
    ...(!incident.resolvedAt && {
      resolutionDueAt: due.resolutionDueAt,
      resolutionBreachedAt: due.resolutionDueAt >= now ? null : incident.resolutionBreachedAt,
    }),
  };
}

/** When the next breach has to be recorded. Null if there is nothing left to record. */
export function nextBreach(incident: SlaFacts): Date | null {
  const times = openTargets(incident).map(([, at]) => at.getTime());
  return times.length > 0 ? new Date(Math.min(...times)) : null;
}

/** Null for incidents of versions without service levels. */
export function slaView(incident: SlaFacts, now: Date): SlaView | null {
  const { responseDueAt, resolutionDueAt, respondedAt } = incident;
  if (!responseDueAt || !resolutionDueAt) return null;
  return {
    response_due_at: responseDueAt,
    resolution_due_at: resolutionDueAt,
    responded_at: respondedAt,
    status: statusOf(incident, { responseDueAt, resolutionDueAt }, now),
  };
}

function statusOf(
  { createdAt, respondedAt, resolvedAt }: SlaFacts,
  { responseDueAt, resolutionDueAt }: ReturnType<typeof dueTimes>,
  now: Date,
): SlaStatus {
  if ((resolvedAt ?? now) > resolutionDueAt) return 'resolution_breached';
  if ((respondedAt ?? now) > responseDueAt) return 'response_breached';
  if (resolvedAt) return 'met';
  const share = (dueAt: Date): number =>
    (now.getTime() - createdAt.getTime()) / (dueAt.getTime() - createdAt.getTime());
  const isAtRisk = share(resolutionDueAt) >= AT_RISK || (!respondedAt && share(responseDueAt) >= AT_RISK);
  return isAtRisk ? 'at_risk' : 'on_track';
}
