import { type Incident, type Status, isOpen } from './incident';

const SAY_SO = 'Acknowledge it to say that somebody is on it.';

const NEXT: Readonly<Record<Status, string>> = {
  triggered: `Opened automatically, and nobody has responded yet. ${SAY_SO}`,
  open: `Nobody has responded yet. ${SAY_SO}`,
  acknowledged: 'Somebody has responded. Next, investigate what is wrong.',
  investigating: 'Somebody is looking for the cause. Resolve it once it works again.',
  resolved: 'It works again. Close it once that is certain, or reopen it.',
  closed: 'Nothing is left to do. Reopen it if the problem comes back.',
};

/** What the state of an incident means, and what comes next. */
export function nextStepOf(incident: Incident): string {
  const { status, assignee_id: assignee, acknowledged_at: acknowledged, sla } = incident;
  const wasSeen = acknowledged !== null || (sla?.responded_at ?? null) !== null;
  const next = status === 'open' && wasSeen ? `Reopened. ${SAY_SO}` : NEXT[status];
  if (!isOpen(incident)) return next;
  const late = sla ? lateText(sla) : undefined;
  return [late, next, assignee === null ? 'It has no assignee yet.' : undefined].filter(Boolean).join(' ');
}

function lateText({ status, responded_at: responded }: NonNullable<Incident['sla']>): string | undefined {
  switch (status) {
    case 'at_risk':
      return 'Its time is nearly up.';
    case 'response_breached':
      return responded === null ? 'The response is late.' : 'The response was late.';
    case 'resolution_breached':
      return 'The resolution is late.';
    default:
      return undefined;
  }
}
