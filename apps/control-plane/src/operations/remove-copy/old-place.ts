import { type ProvisioningContext } from '../../provisioning-jobs/provisioning-step';

/** The tenant's place on its former plane, where a `remove_copy` job removes the old copy. */
export function oldPlace({ tenantId, params }: ProvisioningContext): {
  tenantId: string;
  tenantPlaneId: string;
} {
  return { tenantId, tenantPlaneId: String(params['tenant_plane_id']) };
}
