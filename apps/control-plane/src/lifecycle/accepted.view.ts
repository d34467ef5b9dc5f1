import { type InstallBundle } from '../enrolment/provisioning-tokens';
import { type TenantPlaneView } from '../fleet/tenant-planes';
import { type TenantView } from '../tenants/tenant.view';
import { type JobView } from './job.view';

export interface PlannedStep {
  readonly name: string;
  readonly description: string;
  readonly creates: readonly string[];
}

/** What would happen: the answer to `dry_run`. */
export interface PlanView {
  readonly plan: {
    readonly steps: readonly PlannedStep[];
    readonly install_required: boolean;
    /** Versions, of an upgrade. */
    readonly from?: string | null;
    readonly to?: unknown;
    /** Tenant planes of a wave, and its batches. */
    readonly total?: number;
    readonly waves?: readonly (readonly Pick<TenantPlaneView, 'id' | 'name' | 'version' | 'region'>[])[];
    /** Of the cell that is drained. */
    readonly tenants?: number;
  };
}

/** `install`: shown once; null in a repeated answer whose bundle is spent. */
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
