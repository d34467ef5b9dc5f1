import { oneOf, textOf } from '@atlas/web';
import { SEVERITIES, STATUSES, type Severity, type Status } from './incident';

export const VIEWS = ['open', 'mine', 'unassigned', 'resolved', 'closed', 'all'] as const;
export type View = (typeof VIEWS)[number];

/** Open incidents that have missed a target, or will soon. */
const LATENESS = ['breached', 'at_risk'] as const;

/** What the address of the queue says. */
export interface QueueSearch {
  readonly view?: View;
  readonly status?: Status;
  readonly severity?: Severity;
  readonly sla?: (typeof LATENESS)[number];
  readonly assignee?: string;
  /** An affected item. */
  readonly ci?: string;
  readonly q?: string;
}

export function queueSearchOf(search: Readonly<Record<string, unknown>>): QueueSearch {
  return {
    view: oneOf(VIEWS, search['view']),
    status: oneOf(STATUSES, search['status']),
    severity: oneOf(SEVERITIES, search['severity']),
    sla: oneOf(LATENESS, search['sla']),
    assignee: textOf(search['assignee']),
    ci: textOf(search['ci']),
    q: textOf(search['q']),
  };
}
