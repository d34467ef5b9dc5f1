import { type TenantScope } from '@atlas/persistence';
import { type IncidentStatus, type Severity } from '@atlas/tenant-api/incidents';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { differences } from '../audit/differences';
import { affectedItems } from './affected-items';
import { merged, transition } from './incident-changes';
import { type Incident } from './incident.entity';
import { type NewIncident, insertIncident } from './new-incident';
import { SlaBreaches } from './sla-breaches';
import { storeChange } from './stored-changes';
import { type TimelineEntry } from './timeline';

export interface DetectedIncident extends Pick<
  NewIncident,
  'title' | 'description' | 'severity' | 'source' | 'ciIds' | 'alertCount'
> {
  /** What caused the incident. */
  readonly entry: TimelineEntry;
}

/** What has happened to an incident. Whatever is not given stays as it is. */
export interface Happening {
  readonly entry: TimelineEntry;
  readonly status?: IncidentStatus;
  readonly severity?: Severity;
  /** How many more alerts belong to the incident. */
  readonly moreAlerts?: number;
  /** More affected items, which the transaction has locked with `requireItems`. */
  readonly moreItems?: readonly string[];
}

/** Opens, changes and resolves incidents on behalf of alerts and service level objectives. */
@Injectable()
export class AutomaticIncidents {
  constructor(
    private readonly audit: Audit,
    private readonly breaches: SlaBreaches,
  ) {}

  /** Opens an incident, whose status is `triggered`. */
  async open(scope: TenantScope, now: Date, { entry, ...wanted }: DetectedIncident): Promise<Incident> {
    const report = { ...wanted, status: 'triggered', createdBy: null, assigneeId: null } as const;
    const incident = await insertIncident(scope, now, report, [entry]);
    const { id, number, severity, source } = incident;
    const created = { action: 'incident.created', targetKind: 'incident', targetId: id };
    await this.audit.record(scope, { ...created, after: { number, severity, source } });
    return incident;
  }

  /**
   * Changes an incident whose row the transaction has locked. Throws `invalid_transition`, so the caller
   * checks the status first.
   */
  async change(scope: TenantScope, now: Date, locked: Incident, happening: Happening): Promise<Incident> {
    const { entry, status, severity, moreAlerts = 0, moreItems = [] } = happening;
    const incident = await this.breaches.record(scope, locked);
    const { id, alertCount } = incident;
    const changed: Incident = {
      ...incident,
      ...transition(incident, status, now),
      severity: severity ?? incident.severity,
      alertCount: alertCount + moreAlerts,
    };
    const before = (await affectedItems(scope, [id])).get(id) ?? [];
    const after = merged(before, [...before, ...moreItems.filter((item) => !before.includes(item))]);
    const change = { changed, by: null, items: { before, after }, entries: [entry] };
    const stored = await storeChange(scope, now, incident, change);
    if (stored.status !== incident.status || stored.severity !== incident.severity)
      await this.audit.record(scope, {
        action: 'incident.updated',
        targetKind: 'incident',
        targetId: id,
        ...differences(standing(incident), standing(stored)),
      });
    return stored;
  }
}

function standing({ status, severity }: Incident): Pick<Incident, 'status' | 'severity'> {
  return { status, severity };
}
