import { TenantDatabase } from '@atlas/persistence';
import { DomainError, type Page, pageOf } from '@atlas/platform';
import { type AlertView, ListAlertsQuery } from '@atlas/tenant-api/alerts';
import { Injectable } from '@nestjs/common';
import { Alert } from './alert.entity';

@Injectable()
export class Alerts {
  constructor(private readonly tenants: TenantDatabase) {}

  async list(
    tenantId: string,
    { cursor, limit, status, source_id: sourceId, incident_id: incidentId }: ListAlertsQuery,
  ): Promise<Page<AlertView>> {
    const rows = await this.tenants.read(tenantId, (scope) => {
      const query = scope
        .query(Alert, 'alert')
        .orderBy('alert.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('alert.id < :cursor', { cursor });
      if (status) query.andWhere({ status });
      if (sourceId) query.andWhere({ sourceId });
      if (incidentId) query.andWhere({ incidentId });
      return query.getMany();
    });
    return pageOf(rows, limit, alertView);
  }

  /** Throws `alert_not_found`. */
  async get(tenantId: string, id: string): Promise<AlertView> {
    const alert = await this.tenants.read(tenantId, (scope) => scope.findOne(Alert, { id }));
    if (!alert) throw new DomainError('alert_not_found', 'not_found', 'There is no such alert.');
    return alertView(alert);
  }
}

function alertView(alert: Alert): AlertView {
  return {
    id: alert.id,
    source_id: alert.sourceId,
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
