import { type IncidentView } from '@atlas/tenant-api/incidents';
import { type Incident } from './incident.entity';

export function incidentView(incident: Incident): IncidentView {
  return {
    id: incident.id,
    number: incident.number,
    title: incident.title,
    description: incident.description,
    severity: incident.severity,
    status: incident.status,
    created_by: incident.createdBy,
    created_at: incident.createdAt,
    updated_at: incident.updatedAt,
    resolved_at: incident.resolvedAt,
  };
}
