import { type TenantPlaneSchemas } from '@atlas/web';

type Schemas = TenantPlaneSchemas['schemas'];
export type Incident = Schemas['IncidentView'];
export type Status = Schemas['IncidentStatus'];
export type Severity = Schemas['Severity'];
export type IncidentChange = Schemas['UpdateIncidentDto'];

export const SEVERITIES: readonly Severity[] = ['P1', 'P2', 'P3', 'P4', 'P5'];
/** What each means. The form for requesters asks in the same words. */
export const SEVERITY_TEXTS: Readonly<Record<Severity, string>> = {
  P1: 'Critical: nobody can work, or a key service is down',
  P2: 'High: many people cannot work',
  P3: 'Medium: some people cannot work',
  P4: 'Low: everybody can work, but something is wrong',
  P5: 'Lowest: a question or a small thing',
};
export const OPEN_STATUSES: readonly Status[] = ['triggered', 'open', 'acknowledged', 'investigating'];
export const STATUSES: readonly Status[] = [...OPEN_STATUSES, 'resolved', 'closed'];

/** How many items an incident may have. */
export const MOST_ITEMS = 100;
export const LONGEST_TITLE = 200;
export const LONGEST_TEXT = 20_000;

export function isOpen({ status }: Incident): boolean {
  return OPEN_STATUSES.includes(status);
}

interface Transition {
  readonly to: Status;
  readonly label: string;
}

const ACKNOWLEDGE: Transition = { to: 'acknowledged', label: 'Acknowledge' };
const INVESTIGATE: Transition = { to: 'investigating', label: 'Investigate' };
const RESOLVE: Transition = { to: 'resolved', label: 'Resolve' };
const REOPEN: Transition = { to: 'open', label: 'Reopen' };

/** What may follow each state, as INCIDENT_MACHINE of the Tenant Plane says. The usual step comes first. */
export const TRANSITIONS: Readonly<Record<Status, readonly Transition[]>> = {
  triggered: [ACKNOWLEDGE, INVESTIGATE, { to: 'open', label: 'Mark as open' }, RESOLVE],
  open: [ACKNOWLEDGE, INVESTIGATE, RESOLVE],
  acknowledged: [INVESTIGATE, RESOLVE],
  investigating: [RESOLVE, { to: 'acknowledged', label: 'Back to acknowledged' }],
  resolved: [{ to: 'closed', label: 'Close' }, REOPEN],
  closed: [REOPEN],
};
