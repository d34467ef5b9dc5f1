import { type IncidentStatus } from '@atlas/tenant-api/incidents';
import { type SlaStatus } from '@atlas/tenant-api/sla';
import { ago } from './rows.fixture';

export interface IncidentCase {
  readonly name: string;
  readonly title: string;
  /** What the page says. */
  readonly says: readonly string[];
  /** The button for the usual next step. */
  readonly next?: string;
  /** The changes that lead to the state. */
  readonly way: readonly object[];
  /** The columns that are changed then. */
  readonly change: () => Change;
  /** Whether somebody works on it. */
  readonly isAssigned?: boolean;
}

type Change = Readonly<Record<string, unknown>>;

interface Stage {
  readonly says: string;
  readonly next: string;
  /** What the reporter reads. */
  readonly told: string;
  readonly way: readonly object[];
  readonly change?: Change;
  readonly isOver?: true;
}

const TITLE = 'Checkout answers with errors';
const ACKNOWLEDGE = { status: 'acknowledged' };
const INVESTIGATE = { status: 'investigating' };
const RESOLVE = { status: 'resolved', resolution_notes: 'Restarted the database.', root_cause: 'Disk full.' };
const CLOSE = { status: 'closed' };

const STAGES: { readonly [Status in IncidentStatus]: Stage } = {
  triggered: {
    says: 'Opened automatically',
    next: 'Acknowledge',
    told: 'Nobody has looked at it yet.',
    way: [],
    change: { status: 'triggered', source: 'alert', created_by: null },
  },
  open: {
    says: 'Nobody has responded yet.',
    next: 'Acknowledge',
    told: 'Nobody has looked at it yet.',
    way: [],
  },
  acknowledged: {
    says: 'Somebody has responded.',
    next: 'Investigate',
    told: 'Somebody has seen it and will work on it.',
    way: [ACKNOWLEDGE],
  },
  investigating: {
    says: 'looking for the cause',
    next: 'Resolve',
    told: 'Somebody is working on it.',
    way: [ACKNOWLEDGE, INVESTIGATE],
  },
  resolved: {
    says: 'It works again.',
    next: 'Close',
    told: 'We think that it is solved.',
    way: [ACKNOWLEDGE, RESOLVE],
    isOver: true,
  },
  closed: {
    says: 'Nothing is left to do.',
    next: 'Reopen',
    told: 'It is solved and closed.',
    way: [ACKNOWLEDGE, RESOLVE, CLOSE],
    isOver: true,
  },
};

interface Level {
  readonly says: string;
  /** The times that lead to it, if it occurs in such an incident. */
  readonly times: (stage: { readonly isOver: boolean; readonly isSeen: boolean }) => Change | null;
}

/** `none`: reported before incidents had service levels. */
const LEVELS: { readonly [Sla in SlaStatus | 'none']: Level } = {
  on_track: { says: 'left', times: ({ isOver }) => (isOver ? null : due(-25, -215)) },
  at_risk: {
    says: 'only',
    times: ({ isOver }) => (isOver ? null : { created_at: ago(210), ...due(-2, -30) }),
  },
  response_breached: {
    says: 'late',
    times: ({ isOver, isSeen }) => ({
      created_at: ago(90),
      ...due(60, -300),
      ...(isSeen && { responded_at: ago(15), acknowledged_at: ago(15) }),
      ...(isOver && { resolved_at: ago(5) }),
    }),
  },
  resolution_breached: {
    says: 'late',
    times: ({ isOver, isSeen }) => ({
      created_at: ago(500),
      ...due(470, 75),
      ...(isSeen && { responded_at: ago(480), acknowledged_at: ago(480) }),
      ...(isOver && { resolved_at: ago(5) }),
    }),
  },
  met: { says: 'in time', times: ({ isOver }) => (isOver ? due(-5, -120) : null) },
  none: {
    says: 'No targets',
    times: () => ({ response_due_at: null, resolution_due_at: null, sla_due_at: null }),
  },
};

function due(response: number, resolution: number): Change {
  return {
    response_due_at: ago(response),
    resolution_due_at: ago(resolution),
    sla_due_at: ago(Math.max(response, resolution)),
  };
}

const STATUSES = Object.entries(STAGES);

/** Incidents in every state, at every service level that occurs in it. */
export const INCIDENT_CASES: readonly IncidentCase[] = [
  ...STATUSES.flatMap(([status, stage]) =>
    Object.entries(LEVELS).flatMap(([level, { says, times }]) => {
      const at = (): Change | null => times({ isOver: stage.isOver ?? false, isSeen: stage.way.length > 0 });
      if (at() === null) return [];
      const change = (): Change => ({ ...stage.change, ...at() });
      return { ...stage, name: `${status}-${level}`, title: TITLE, says: [stage.says, says], change };
    }),
  ),
  ...STATUSES.map(([status, stage]) => ({
    ...stage,
    name: `${status}-assigned`,
    title: TITLE,
    says: [stage.says],
    change: () => stage.change ?? {},
    isAssigned: true,
  })),
  {
    name: 'reopened',
    title: TITLE,
    says: ['Reopened.'],
    next: 'Acknowledge',
    way: [...STAGES.closed.way, { status: 'open' }],
    change: () => ({}),
  },
];

/** The same for those who reported them. */
export const REPORT_CASES: readonly IncidentCase[] = [
  ...STATUSES.map(([status, { told, way, change = {} }]) => ({
    name: status,
    title: TITLE,
    says: [told],
    way,
    change: () => change,
  })),
  {
    name: 'late',
    title: TITLE,
    says: ['It takes longer than planned.'],
    way: STAGES.investigating.way,
    change: () => LEVELS.resolution_breached.times({ isOver: false, isSeen: true }) ?? {},
  },
];
