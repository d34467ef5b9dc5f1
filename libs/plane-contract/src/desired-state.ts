import { type DeploymentModel, type Plan } from '@atlas/tenancy';

/** What a tenant plane shall do with one tenant. */
export type PlacementPhase = 'serving' | 'importing' | 'frozen' | 'retired';

/** How a tenant shall be answered where it is served. */
export type DesiredTenantStatus = 'active' | 'suspended' | 'deprovisioning';

/**
 * A tenant's rows travel: the `source` encrypts them to `recipient` (a public JWK) and sends them, the `target` imports
 * them. In phase `frozen` the source lets nothing be written any more and sends the last of them. The one of a `backup`
 * sends them frozen, takes them back into a scratch database, and compares.
 */
export interface DesiredTransfer {
  readonly id: string;
  readonly role: 'source' | 'target' | 'backup';
  /** Rises when everything must begin anew: for another plane, or for another key of the same one. Part of the names of runs. */
  readonly generation?: number;
  readonly recipient?: Readonly<Record<string, unknown>>;
  /** Where the rows are encrypted to a backup's key: that key (a private JWK), as a JWE to the plane's own. */
  readonly key?: string;
}

/** What of a tenant's sign-up tokens a tenant plane cannot see by itself. Both lists hold `jti`, the newest first. */
export interface DesiredSignupLinks {
  readonly revoked: readonly string[];
  /** Left out of `revoked`, which has its limit: this one, and all whose `jti` is lower, are revoked as well. */
  readonly revoked_through?: string;
  /** Good here although their `aud` is another tenant plane: the tenant lived there when they were minted. */
  readonly carried: readonly string[];
}

export interface DesiredTenant {
  readonly tenant_id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: DesiredTenantStatus;
  readonly plan: Plan;
  readonly admin_email: string;
  readonly phase: PlacementPhase;
  readonly entry_revision: number;
  readonly transfer?: DesiredTransfer;
  /** At its home, where there are any to tell of. */
  readonly signup_links?: DesiredSignupLinks;
  /**
   * Of a tenant that was moved or restored: it is served only from a database that has imported this transfer. Another one may be empty,
   * or older: it serves nobody and reports `copy_missing`.
   */
  readonly requires_copy?: string;
  /**
   * At its home: the copy kept here from before a move is served again, by this job, since the rows were lost where the tenant
   * had moved to. It counts unless another import has begun to replace it. What was revoked after the move is unknown, so
   * whoever serves it first ends all that let somebody in, once for each job. With `requires_rows`, which is told until the
   * plane has reported that it serves the copy, a database that does not have it serves nobody and reports `copy_missing`.
   */
  readonly reopened?: { readonly job_id: string; readonly requires_rows?: true };
  /**
   * With phase `retired`, or `importing` on its way back: where it lives now. It lived here before, and who asks for it here is
   * sent there.
   */
  readonly moved_to?: string;
  /** With phase `retired`: its rows shall go. */
  readonly purge?: { readonly job_id: string };
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

interface PlaneConfig {
  readonly keys: { readonly keys: readonly PublishedKey[] };
  /** A compact JWE: the secret to sign with from now on, under a key derived from the one that the call was signed with. */
  readonly next_secret?: string;
}

/**
 * The changes since the revision that was asked for, or everything (`full`). `revision` is `<epoch>.<n>`: send it back
 * as it came.
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
