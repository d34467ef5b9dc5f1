import { type DeploymentModel } from '@atlas/tenancy';

/** Where a tenant is served. Routes the tenant's host, and tells a shared tenant plane where to redirect. */
export interface TenantRoute {
  readonly tenant_id: string;
  readonly slug: string;
  readonly tenant_plane_id: string;
  readonly deployment_model: DeploymentModel;
  /** The tenant plane's own address. */
  readonly endpoint_url: string;
}
