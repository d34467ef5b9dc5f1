import { type TenantScope } from '@atlas/persistence';
import { type IncidentSummaryView, type Severity } from '@atlas/tenant-api/incidents';
import { IN_STATE, type Reader, visibleIncidents } from './incident-filter';
import { slaCondition } from './sla-condition';

interface Counts {
  readonly severity: Severity;
  /** Numbers, which Postgres returns as text. */
  readonly open: string | number;
  readonly unassigned: string | number;
  readonly breached: string | number;
  readonly at_risk: string | number;
}

/** Counts the open incidents. Requesters' own only. */
export async function summaryOf(scope: TenantScope, reader: Reader, now: Date): Promise<IncidentSummaryView> {
  const query = visibleIncidents(scope, reader).andWhere(IN_STATE.open);
  const rows = await query
    .select('incident.severity', 'severity')
    .addSelect('count(*)', 'open')
    .addSelect(numberWith('incident.assigneeId is null'), 'unassigned')
    .addSelect(numberWith(slaCondition(query, 'breached', now)), 'breached')
    .addSelect(numberWith(slaCondition(query, 'at_risk', now)), 'at_risk')
    .groupBy('incident.severity')
    .getRawMany<Counts>();
  const total = (name: Exclude<keyof Counts, 'severity'>): number =>
    rows.reduce((sum, row) => sum + Number(row[name]), 0);
  const bySeverity = Object.fromEntries(rows.map(({ severity, open }) => [severity, Number(open)]));
  return {
    open: total('open'),
    unassigned: total('unassigned'),
    breached: total('breached'),
    at_risk: total('at_risk'),
    by_severity: { P1: 0, P2: 0, P3: 0, P4: 0, P5: 0, ...bySeverity },
  };
}

function numberWith(condition: string): string {
  return `sum(case when ${condition} then 1 else 0 end)`;
}
