import { type IncidentView } from '@atlas/tenant-api/incidents';
import { type Incident } from './incident.entity';
import { slaView } from './sla';

export function incidentView(incident: Incident, ciIds: readonly string[], now: Date): IncidentView {
  return {
    id: incident.id,
    number: incident.number,
    title: incident.title,
    description: incident.description,
    severity: incident.severity,
    status: incident.status,
    source: incident.source,
    created_by: incident.createdBy,
    assignee_id: incident.assigneeId,
    ci_ids: ciIds,
    alert_count: incident.alertCount,
    created_at: incident.createdAt,
    updated_at: incident.updatedAt,
    acknowledged_at: incident.acknowledgedAt,
    resolved_at: incident.resolvedAt,
    closed_at: incident.closedAt,
    resolution_notes: incident.resolutionNotes,
    root_cause: incident.rootCause,
    sla: slaView(incident, now),
  };
}
