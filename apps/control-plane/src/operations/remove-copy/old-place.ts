import { type ProvisioningContext } from '../../provisioning-jobs/provisioning-step';

/** Where the tenant lived before: the place that a job of operation `remove_copy` is about. */
export function oldPlace({ tenantId, params }: ProvisioningContext): {
  tenantId: string;
  tenantPlaneId: string;
} {
  return { tenantId, tenantPlaneId: String(params['tenant_plane_id']) };
}
