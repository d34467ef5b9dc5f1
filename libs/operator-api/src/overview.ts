import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type TenantStatus } from '@atlas/tenancy';

/** The state of everything at a glance. */
export interface OverviewApi {
  /** Count tenants, planes and places, and what needs attention */
  'GET /api/overview': { 200: Overview };
}

export interface Overview {
  /** Only statuses and models that some tenant has. */
  readonly tenants: readonly TenantCount[];
  /** Jobs that need attention, and jobs that are queued, running or waiting. */
  readonly jobs: { readonly needing_attention: number; readonly live: number };
  /** `behind`: enrolled planes with an older version. `expected`: planes that have not enrolled yet. */
  readonly planes: {
    readonly online: number;
    readonly offline: number;
    readonly unknown: number;
    readonly behind: number;
    readonly expected: number;
  };
  /** The places in enrolled cells that accept tenants, and how many of them are taken. */
  readonly cells: { readonly count: number; readonly capacity: number; readonly tenants: number };
  /** The planes of the warm pool: those wanted, those that tenants can take, and those being prepared. */
  readonly pool: { readonly wanted: number; readonly ready: number; readonly preparing: number };
  /** Drifts that are not resolved. */
  readonly drifts: number;
}

export interface TenantCount {
  readonly status: TenantStatus;
  readonly deployment_model: DeploymentModel;
  readonly count: number;
}
