import { type StepContext } from '../../jobs/step';

/** Where the tenant lived before: the place that a job of operation `remove_copy` is about. */
export function oldPlace({ tenantId, params }: StepContext): { tenantId: string; tenantPlaneId: string } {
  return { tenantId, tenantPlaneId: String(params['tenant_plane_id']) };
}
