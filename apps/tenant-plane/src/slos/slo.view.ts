import { type SloStatusView, type SloView } from '@atlas/tenant-api/slos';
import { type Slo } from './slo.entity';

export function sloView(slo: Slo, status?: SloStatusView): SloView {
  const { indicatorError } = slo;
  return {
    id: slo.id,
    name: slo.name,
    service: slo.service,
    ci_id: slo.ciId,
    objective: slo.objective,
    window_days: slo.windowDays,
    indicator: slo.indicator,
    indicator_error: indicatorError && { ...indicatorError, at: new Date(indicatorError.at) },
    incident_id: slo.incidentId,
    created_at: slo.createdAt,
    updated_at: slo.updatedAt,
    ...(status && { status }),
  };
}
