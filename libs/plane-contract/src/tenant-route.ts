import { type DeploymentModel } from '@atlas/deployment-profiles';

/** Where a tenant lives: routes its host, and tells a shared tenant plane where to redirect. */
export interface TenantRoute {
  readonly tenant_id: string;
  readonly slug: string;
  readonly tenant_plane_id: string;
  readonly deployment_model: DeploymentModel;
  /** The tenant plane's own address. */
  readonly endpoint_url: string;
}
