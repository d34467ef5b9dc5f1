import { TenantDatabase, type TenantScope, plannedForValues } from '@atlas/persistence';
import { DomainError, type Page, pageOf } from '@atlas/platform';
import { type AlertView, ListAlertsQuery } from '@atlas/tenant-api/alerts';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { DataSource } from '../data-sources/data-source.entity';
import { Alert } from './alert.entity';

@Injectable()
export class Alerts {
  constructor(private readonly tenants: TenantDatabase) {}

  list(
    tenantId: string,
    { cursor, limit, status, source_id: sourceId, incident_id: incidentId }: ListAlertsQuery,
  ): Promise<Page<AlertView>> {
    return this.tenants.read(tenantId, async (scope) => {
      const query = scope
        .query(Alert, 'alert')
        .orderBy('alert.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('alert.id < :cursor', { cursor });
      if (status) query.andWhere({ status });
      if (sourceId) query.andWhere({ sourceId });
      if (incidentId) query.andWhere({ incidentId });
      const rows = await plannedForValues(query).getMany();
      const names = await sourceNames(scope, rows.slice(0, limit));
      return pageOf(rows, limit, (alert) => alertView(alert, names));
    });
  }

  /** Throws `alert_not_found`. */
  get(tenantId: string, id: string): Promise<AlertView> {
    return this.tenants.read(tenantId, async (scope) => {
      const alert = await scope.findOne(Alert, { id });
      if (!alert) throw alertNotFound();
      return alertView(alert, await sourceNames(scope, [alert]));
    });
  }
}

/** The names of the data sources of these alerts, by id. The row of a deleted data source stays. */
async function sourceNames(
  scope: TenantScope,
  alerts: readonly Alert[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(alerts.map(({ sourceId }) => sourceId));
  if (ids.size === 0) return new Map();
  const rows = await scope.find(DataSource, {
    select: { id: true, name: true },
    where: { id: In([...ids]) },
  });
  return new Map(rows.map(({ id, name }) => [id, name]));
}

function alertView(alert: Alert, names: ReadonlyMap<string, string>): AlertView {
  return {
    id: alert.id,
    source_id: alert.sourceId,
    source_name: names.get(alert.sourceId) ?? '',
    fingerprint: alert.fingerprint,
    status: alert.status,
    labels: alert.labels,
    annotations: alert.annotations,
    starts_at: alert.startsAt,
    ends_at: alert.endsAt,
    last_received_at: alert.lastReceivedAt,
    count: alert.count,
    incident_id: alert.incidentId,
    silence_id: alert.silenceId,
  };
}

function alertNotFound(): DomainError {
  const detail =
    'There is no such alert. Alerts that have ended are deleted after the number of days that the plan ' +
    'keeps them: GET /api/entitlements shows it as retention_days.';
  return new DomainError('alert_not_found', 'not_found', detail);
}
