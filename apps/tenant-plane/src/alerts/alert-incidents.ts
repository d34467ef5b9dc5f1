import { type TenantScope } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { In, IsNull } from 'typeorm';
import { itemsNamed } from '../cmdb/item-locks';
import { type DataSource } from '../data-sources/data-source.entity';
import { AutomaticIncidents, type Happening } from '../incidents/automatic-incidents';
import { type Incident } from '../incidents/incident.entity';
import { lockedIncidents } from '../incidents/timeline';
import { AlertGroup } from './alert-group.entity';
import { Alert } from './alert.entity';
import { groupKeyOf, severityOf, titleOf, descriptionOf, worst } from './alert-texts';

/** Keeps a statement below the parameter limits of Postgres and SQLite. */
const ROWS_A_STATEMENT = 500;
const IDS_IN_TIMELINE = 100;

/** What has happened to alerts of one data source. */
export interface AlertChanges {
  /** The alerts as they are now. */
  readonly alerts: readonly Alert[];
  /** Those among them that have begun to fire and are not silenced. */
  readonly starting: readonly Alert[];
  /** Those among them that were firing, not silenced, and are resolved now. */
  readonly ended: readonly Alert[];
}

interface Group {
  readonly key: string;
  readonly alerts: readonly Alert[];
  readonly known: AlertGroup | undefined;
}

/** Opens one incident per group of alerts, and resolves it once all its alerts are resolved. */
@Injectable()
export class AlertIncidents {
  constructor(private readonly incidents: AutomaticIncidents) {}

  /**
   * Stores the alerts and changes their incidents. The caller has locked the data source, which also protects
   * its alerts and groups. Returns the IDs of the alerts that have opened or reopened an incident.
   */
  async follow(
    scope: TenantScope,
    source: DataSource,
    now: Date,
    { alerts, starting, ended }: AlertChanges,
  ): Promise<ReadonlySet<string>> {
    const groups = await this.groupsOf(scope, source, starting);
    const concerned = [
      ...groups.map(({ known }) => known?.incidentId),
      ...ended.map((one) => one.incidentId),
    ];
    // All locks are taken before the first change, because changes lock more.
    const locked = new Map(await lockedIncidents(scope, [...new Set(concerned)].filter(isString)));
    const items = await itemsNamed(
      scope,
      [...new Set(starting.map(({ labels }) => labels['ci']))].filter(isString),
    );
    const openers = new Set<string>();
    const joined = new Map<string, string>();
    for (const group of groups) {
      const { incident, hasOpened } = await this.join(scope, source, now, { group, locked, items });
      locked.set(incident.id, incident);
      const [first] = group.alerts;
      if (hasOpened && first) openers.add(first.id);
      for (const { id } of group.alerts) joined.set(id, incident.id);
    }
    await store(
      scope,
      alerts.map((alert) => ({ ...alert, incidentId: joined.get(alert.id) ?? alert.incidentId })),
    );
    await this.settle(scope, now, locked, ended);
    return openers;
  }

  private async groupsOf(
    scope: TenantScope,
    source: DataSource,
    starting: readonly Alert[],
  ): Promise<Group[]> {
    const byKey = new Map<string, Alert[]>();
    for (const alert of starting) {
      const key = groupKeyOf(source.groupBy, alert.labels);
      byKey.set(key, [...(byKey.get(key) ?? []), alert]);
    }
    if (byKey.size === 0) return [];
    const known = await scope.find(AlertGroup, {
      where: { sourceId: source.id, key: In([...byKey.keys()]) },
    });
    return [...byKey].map(([key, alerts]) => ({
      key,
      alerts,
      known: known.find((group) => group.key === key),
    }));
  }

  /** Adds a group's alerts to its incident, which is opened or reopened if necessary. */
  private async join(
    scope: TenantScope,
    source: DataSource,
    now: Date,
    {
      group: { key, alerts, known },
      locked,
      items,
    }: {
      readonly group: Group;
      readonly locked: ReadonlyMap<string, Incident>;
      readonly items: ReadonlyMap<string, string>;
    },
  ): Promise<{ readonly incident: Incident; readonly hasOpened: boolean }> {
    const entry = entryOf('firing', alerts);
    const affected = alerts.map(({ labels }) => items.get(labels['ci'] ?? '')).filter(isString);
    const ciIds = [...new Set(affected)];
    const severity = worst(alerts.map(({ labels }) => severityOf(labels)));
    const last = known && locked.get(known.incidentId);
    if (last && (isLive(last) || isReopened(last, source, now))) {
      const moreAlerts = alerts.filter(({ incidentId }) => incidentId !== last.id).length;
      const happening: Happening = {
        entry,
        moreAlerts,
        moreItems: ciIds,
        severity: worst([severity, last.severity]),
      };
      const incident = await this.incidents.change(scope, now, last, {
        ...happening,
        status: isLive(last) ? last.status : 'open',
      });
      return { incident, hasOpened: !isLive(last) };
    }
    const [title, description] = [titleOf(alerts), descriptionOf(alerts)];
    const wanted = { title, description, severity, source: 'alert', ciIds, entry } as const;
    const incident = await this.incidents.open(scope, now, { ...wanted, alertCount: alerts.length });
    if (known) await scope.update(AlertGroup, { id: known.id }, { incidentId: incident.id });
    else
      await scope.insert(AlertGroup, { id: uuidv7(now), sourceId: source.id, key, incidentId: incident.id });
    return { incident, hasOpened: true };
  }

  /** Resolves the incidents whose last firing alert has ended. */
  private async settle(
    scope: TenantScope,
    now: Date,
    locked: ReadonlyMap<string, Incident>,
    ended: readonly Alert[],
  ): Promise<void> {
    const firing = await stillFiring(
      scope,
      [...new Set(ended.map((one) => one.incidentId))].filter(isString),
    );
    for (const incident of locked.values()) {
      const gone = ended.filter(({ incidentId }) => incidentId === incident.id);
      if (gone.length === 0) continue;
      const isOver = isLive(incident) && !firing.has(incident.id);
      const happening = {
        entry: entryOf('resolved', gone),
        status: isOver ? 'resolved' : incident.status,
      } as const;
      await this.incidents.change(scope, now, incident, happening);
    }
  }
}

async function stillFiring(scope: TenantScope, incidentIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (incidentIds.length === 0) return new Set();
  const rows = await scope
    .query(Alert, 'alert')
    .select('alert.incidentId', 'id')
    .distinct()
    .andWhere({ incidentId: In([...incidentIds]), status: 'firing', silenceId: IsNull() })
    .getRawMany<{ id: string }>();
  return new Set(rows.map(({ id }) => id));
}

async function store(scope: TenantScope, alerts: readonly Alert[]): Promise<void> {
  for (let from = 0; from < alerts.length; from += ROWS_A_STATEMENT)
    await scope.put(Alert, alerts.slice(from, from + ROWS_A_STATEMENT));
}

function isLive({ status }: Incident): boolean {
  return status !== 'resolved' && status !== 'closed';
}

function isReopened({ status, resolvedAt }: Incident, { windowMinutes }: DataSource, now: Date): boolean {
  if (status !== 'resolved' || !resolvedAt) return false;
  return now.getTime() - resolvedAt.getTime() <= windowMinutes * 60_000;
}

function entryOf(status: Alert['status'], alerts: readonly Alert[]): Happening['entry'] {
  const alert_ids = alerts.slice(0, IDS_IN_TIMELINE).map(({ id }) => id);
  return { kind: 'alert', by: null, data: { status, count: alerts.length, alert_ids } };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
