import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type Plan } from '@atlas/tenancy';

/** What a tenant plane should do with one tenant. */
export type PlacementPhase = 'serving' | 'importing' | 'frozen' | 'retired';

/** How to answer a tenant's requests where it is served. */
export type DesiredTenantStatus = 'active' | 'suspended' | 'deprovisioning';

/**
 * Moves a tenant's rows. The `source` encrypts them to `recipient` (a public JWK) and sends them; the
 * `target` imports them. In phase `frozen` the source refuses writes and sends the rest. For a `backup`, the
 * plane sends the frozen rows, takes them back into a scratch database, and compares.
 */
export interface DesiredTransfer {
  readonly id: string;
  readonly role: 'source' | 'target' | 'backup';
  /**
   * Increases when everything must start over: for another plane, or for another key of the same one. Part of
   * the names of runs.
   */
  readonly generation?: number;
  readonly recipient?: Readonly<Record<string, unknown>>;
  /**
   * Set when rows are encrypted to a backup's key: that key (a private JWK), as a JWE to the plane's own key.
   */
  readonly key?: string;
}

/**
 * What a tenant plane cannot know by itself about a tenant's sign-up tokens. Both lists hold `jti`s, newest
 * first.
 */
export interface DesiredSignupLinks {
  readonly revoked: readonly string[];
  /** `revoked` is limited; this `jti` and all lower ones are revoked as well. */
  readonly revoked_through?: string;
  /**
   * Valid here although their `aud` is another tenant plane: the tenant lived there when they were minted.
   */
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
  /** At the tenant's home, if there are any. */
  readonly signup_links?: DesiredSignupLinks;
  /**
   * Set for a tenant that was moved or restored: it is served only from a database that has imported this
   * transfer. Any other database may be empty or older: it serves nobody and reports `copy_missing`.
   */
  readonly requires_copy?: string;
  /**
   * At the tenant's home: this job has the copy kept here since before a move served again, because the rows
   * were lost where the tenant had moved to. The copy counts unless another import has started to replace it.
   * Nobody knows what was revoked after the move, so before serving it the plane ends all access, once per
   * job. `requires_rows` is sent until the plane has reported that it serves the copy: a database without it
   * serves nobody and reports `copy_missing`.
   */
  readonly reopened?: { readonly job_id: string; readonly requires_rows?: true };
  /**
   * With phase `retired`, or `importing` on the way back: where the tenant lives now. It lived here before,
   * and requests for it are redirected there.
   */
  readonly moved_to?: string;
  /** With phase `retired`: remove its rows. */
  readonly purge?: { readonly job_id: string };
}

/** A public key (RFC 7517) with its only permitted purpose. */
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
  /**
   * A compact JWE: the secret to sign with from now on, under a key derived from the one that signed the
   * call.
   */
  readonly next_secret?: string;
}

/**
 * The changes since the requested revision, or everything (`full`). `revision` is `<epoch>.<n>`: send it back
 * verbatim.
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
