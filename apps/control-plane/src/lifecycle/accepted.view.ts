import { type InstallBundle } from '../enrolment/provisioning-tokens';
import { type TenantPlaneView } from '../fleet/tenant-planes';
import { type TenantView } from '../tenants/tenant.view';
import { type JobView } from './job.view';

export interface PlannedStep {
  readonly name: string;
  readonly description: string;
  readonly creates: readonly string[];
}

/** What an operation would do: the answer to `dry_run`. */
export interface PlanView {
  readonly plan: {
    readonly steps: readonly PlannedStep[];
    readonly install_required: boolean;
    /** The versions of an upgrade. */
    readonly from?: string | null;
    readonly to?: unknown;
    /** The number of tenant planes in an upgrade wave, and its batches. */
    readonly total?: number;
    readonly waves?: readonly (readonly Pick<TenantPlaneView, 'id' | 'name' | 'version' | 'region'>[])[];
    /** The number of tenants in the cell to drain. */
    readonly tenants?: number;
  };
}

/** `install` is shown once; it is null in a replayed answer if the bundle has been used. */
export interface AcceptedForTenant {
  readonly tenant: TenantView;
  readonly job: JobView;
  readonly install?: InstallBundle | null;
}

/** As {@link AcceptedForTenant}. */
export interface AcceptedForPlane {
  readonly tenant_plane: TenantPlaneView;
  readonly job: JobView;
  readonly install?: InstallBundle | null;
}
