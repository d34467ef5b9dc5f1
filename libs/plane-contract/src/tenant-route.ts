import { type DeploymentModel } from '@atlas/tenancy';

/** Where a tenant lives: how its host is routed, and where a shared tenant plane sends who asks for it. */
export interface TenantRoute {
  readonly tenant_id: string;
  readonly slug: string;
  readonly tenant_plane_id: string;
  readonly deployment_model: DeploymentModel;
  /** The tenant plane's own address. */
  readonly endpoint_url: string;
}
