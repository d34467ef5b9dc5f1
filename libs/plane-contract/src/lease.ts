import { type Limits, type Module, type Plan } from '@atlas/tenancy';

/** The `typ` of the JWS that says what a tenant may use on its plane. */
export const LEASE_TYPE = 'atlas-lease+jwt';

/** The algorithm of the lease's signature. The key has the purpose {@link LEASE_KEY_PURPOSE}. */
export const LEASE_ALGORITHM = 'EdDSA';
export const LEASE_KEY_PURPOSE = 'lease';

/**
 * - `ok`: everything that the plan includes works.
 * - `past_due`: a bill is unpaid. Paid extras become read-only at `read_only_at`.
 * - `suspended`: the tenant's users are refused.
 */
export const BILLING_STATES = ['ok', 'past_due', 'suspended'] as const;
export type BillingState = (typeof BILLING_STATES)[number];

/** Times are in seconds since the Unix epoch, as in every JWT (RFC 7519). */
export interface LeaseClaims {
  /** The tenant. */
  readonly sub: string;
  /** The tenant plane. */
  readonly aud: string;
  /** Increases with every lease of the tenant. It is the time of issue in milliseconds. */
  readonly serial: number;
  readonly iat: number;
  /** A renewal is overdue from here on, so the tenant's admins are warned. */
  readonly late_at: number;
  /** The admins are told when the paid extras will become read-only. */
  readonly grace_at: number;
  /** The paid extras are read-only from here on. */
  readonly exp: number;
  readonly plan: Plan;
  readonly modules: readonly Module[];
  readonly limits: Limits;
  readonly billing: BillingState;
  /** Left out while the tenant is deprovisioned, and by Control Planes of older versions. */
  readonly status?: 'active' | 'suspended';
  /** Only if the bill is past due. */
  readonly read_only_at?: number;
}

/** From best to worst. Only with `expired` does anything stop. */
export type LeaseState = 'valid' | 'late' | 'grace' | 'expired';

export function leaseStateAt({ late_at, grace_at, exp }: LeaseTimes, now: Date): LeaseState {
  const seconds = now.getTime() / 1000;
  if (seconds >= exp) return 'expired';
  if (seconds >= grace_at) return 'grace';
  return seconds >= late_at ? 'late' : 'valid';
}

/** Why the paid extras of a lease's tenant are read-only, or null if they are not. */
export function readOnlyReason(
  { exp, read_only_at: readOnlyAt }: Pick<LeaseClaims, 'exp' | 'read_only_at'>,
  now: Date,
): 'lease_expired' | 'past_due' | null {
  const seconds = now.getTime() / 1000;
  if (readOnlyAt !== undefined && seconds >= readOnlyAt) return 'past_due';
  return seconds >= exp ? 'lease_expired' : null;
}

/** When the next of a lease's times comes, or null if all of them have passed. */
export function nextEffectAt(claims: LeaseTimes & Pick<LeaseClaims, 'read_only_at'>, now: Date): Date | null {
  const { late_at, grace_at, exp, read_only_at = exp } = claims;
  const coming = [late_at, grace_at, exp, read_only_at].filter((at) => at * 1000 > now.getTime());
  return coming.length > 0 ? new Date(Math.min(...coming) * 1000) : null;
}

type LeaseTimes = Pick<LeaseClaims, 'late_at' | 'grace_at' | 'exp'>;
