import { type DeploymentModel, type Plan } from '@atlas/tenancy';

/** What a tenant plane shall do with one tenant. */
export type PlacementPhase = 'serving' | 'importing' | 'frozen' | 'retired';

/** How a tenant shall be answered where it is served. */
export type DesiredTenantStatus = 'active' | 'suspended' | 'deprovisioning';

export interface DesiredTenant {
  readonly tenant_id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: DesiredTenantStatus;
  readonly plan: Plan;
  readonly admin_email: string;
  readonly phase: PlacementPhase;
  readonly entry_revision: number;
}

/** A public key (RFC 7517) with the purpose that it may be used for. */
export interface PublishedKey {
  readonly kid: string;
  readonly kty: string;
  readonly crv?: string;
  readonly x?: string;
  readonly alg?: string;
  /** `signup` or `lease`: a key never serves two purposes. */
  readonly purpose: string;
}

export interface PlaneConfig {
  readonly keys: { readonly keys: readonly PublishedKey[] };
}

/**
 * The changes since the revision that was asked for, or everything (`full`). `revision` is `<epoch>.<n>` and opaque:
 * send it back as it came.
 */
export interface DesiredState {
  readonly revision: string;
  readonly full: boolean;
  readonly tenants: readonly DesiredTenant[];
  readonly removed: readonly string[];
  readonly config: PlaneConfig;
}

export interface EnrolAnswer {
  readonly tenant_plane_id: string;
  readonly deployment_model: DeploymentModel;
  readonly desired_state: DesiredState;
}
