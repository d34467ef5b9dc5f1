import { type DeploymentModel } from '@atlas/deployment-profiles';

/**
 * Where a tenant is served. Used to route the tenant's host, and to redirect requests from a shared tenant
 * plane.
 */
export interface TenantRoute {
  readonly tenant_id: string;
  readonly slug: string;
  readonly tenant_plane_id: string;
  readonly deployment_model: DeploymentModel;
  /** The tenant plane's own address. */
  readonly endpoint_url: string;
}
