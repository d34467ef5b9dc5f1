import { defineStateMachine } from '@atlas/tenancy';

export const SEVERITIES = ['P1', 'P2', 'P3', 'P4', 'P5'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * An alert starts as `triggered`, a person's report as `open`. Resolved and closed incidents can be reopened.
 */
export const INCIDENT_MACHINE = defineStateMachine({
  triggered: ['open', 'acknowledged', 'investigating', 'resolved'],
  open: ['acknowledged', 'investigating', 'resolved'],
  acknowledged: ['investigating', 'resolved'],
  investigating: ['acknowledged', 'resolved'],
  resolved: ['closed', 'open'],
  closed: ['open'],
});
export const INCIDENT_STATUSES = INCIDENT_MACHINE.states;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];
