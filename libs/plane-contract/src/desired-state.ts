import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type Plan } from '@atlas/tenancy';

/** What a tenant plane should do with one tenant. */
export type PlacementPhase = 'serving' | 'importing' | 'frozen' | 'retired';

/** How the plane that serves a tenant must treat the tenant's requests. */
export type DesiredTenantStatus = 'active' | 'suspended' | 'deprovisioning';

/**
 * Moves a tenant's rows. The `source` encrypts them to `recipient` (a public JWK) and sends them; the
 * `target` imports them. In phase `frozen` the source refuses writes and sends the rest. For a `backup`, the
 * plane sends the frozen rows, reads them back into a scratch database, and compares them.
 */
export interface DesiredTransfer {
  readonly id: string;
  readonly role: 'source' | 'target' | 'backup';
  /**
   * Increases when the transfer must start over, for a different plane or for a different key of the same
   * plane. Part of each run's name.
   */
  readonly generation?: number;
  readonly recipient?: Readonly<Record<string, unknown>>;
  /**
   * Set if rows are encrypted to a backup's key. Contains that key (a private JWK), as a JWE encrypted to the
   * plane's own key.
   */
  readonly key?: string;
}

/**
 * What only the Control Plane knows about a tenant's sign-up tokens. Both lists contain `jti`s, newest first.
 */
export interface DesiredSignupLinks {
  readonly revoked: readonly string[];
  /** The length of `revoked` is limited. This `jti` and all lower `jti`s are revoked as well. */
  readonly revoked_through?: string;
  /**
   * Tokens that are valid on this plane even though their `aud` is another tenant plane, which was the
   * tenant's home when the tokens were created.
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
  /** A JWS that says what the tenant may use on this plane; see `LeaseClaims`. */
  readonly lease?: string;
  readonly transfer?: DesiredTransfer;
  /** Set only for the tenant's home, and only if there are sign-up links. */
  readonly signup_links?: DesiredSignupLinks;
  /**
   * Set for a tenant that was moved or restored. The tenant is served only from a database that has imported
   * this transfer. Any other database may be empty or older, so its plane does not serve the tenant and
   * reports `copy_missing`.
   */
  readonly requires_copy?: string;
  /**
   * Set in the entry for the tenant's home if a job has that plane serve its old copy again, because the
   * plane that the tenant had moved to has lost the rows. The copy is from before that move. It is used
   * unless another import has begun to replace it. What was revoked after the move is unknown, so the plane
   * revokes all access before it serves the copy, once per job. `requires_rows` is sent until the plane has
   * reported that it serves the copy. While `requires_rows` is set, a plane without the copy does not serve
   * the tenant and reports `copy_missing`.
   */
  readonly reopened?: { readonly job_id: string; readonly requires_rows?: true };
  /**
   * The current address of a tenant that was served here before. The tenant's requests are redirected to this
   * address. Set with phase `retired`, or with `importing` if the tenant is moving back.
   */
  readonly moved_to?: string;
  /** Set for the source of a move: the address that the tenant will have after the cut-over. */
  readonly moving_to?: string;
  /** Set with phase `retired` if the plane must remove the tenant's rows. */
  readonly purge?: { readonly job_id: string };
}

/** A public key (RFC 7517) and the one purpose it may be used for. */
export interface PublishedKey {
  readonly kid: string;
  readonly kty: string;
  readonly crv?: string;
  readonly x?: string;
  readonly alg?: string;
  /** `signup` or `lease`. A key never serves both purposes. */
  readonly purpose: string;
}

interface PlaneConfig {
  readonly keys: { readonly keys: readonly PublishedKey[] };
  /** The newest version of tenant planes. Control Planes of older versions do not say. */
  readonly latest?: string;
  /**
   * The secret to sign with from now on, as a compact JWE under a key derived from the secret that signed the
   * call.
   */
  readonly next_secret?: string;
}

/**
 * The changes since the requested revision, or everything (`full`). `revision` is `<epoch>.<n>`. Planes send
 * it back verbatim.
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
