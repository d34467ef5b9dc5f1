import { type Tenant } from '../tenancy/tenant.entity';
import { type Granted } from './entitlements';

const DAY_MS = 86_400_000;
/** How long nothing is deleted after a plan was first seen, or keeps less than the one before. */
const GRACE_MS = 30 * DAY_MS;

/** How much of a tenant's history is kept. */
export interface Retention {
  readonly days: number;
  /** From when on older history may be deleted. */
  readonly from: Date;
  /** History up to this time may be deleted. Null during the time of grace. */
  readonly before: Date | null;
}

/**
 * Counts back from when the tenant's newest lease was issued. The Control Plane signed that time, so a plane
 * whose clock is fast deletes nothing too early, and all replicas agree. If the clock is slow, its own time
 * is used instead, because history is stored with it. Null without a lease.
 */
export function retentionOf(
  { retentionDays, retentionFrom }: Pick<Tenant, 'retentionDays' | 'retentionFrom'>,
  { lease, limits }: Pick<Granted, 'lease' | 'limits'>,
  now: Date,
): Retention | null {
  if (!lease) return null;
  const days = limits.retention_days;
  const issuedAt = lease.iat * 1000;
  const isShorter = retentionDays === null || retentionFrom === null || days < retentionDays;
  const from = isShorter ? new Date(issuedAt + GRACE_MS) : retentionFrom;
  const isOver = issuedAt >= from.getTime();
  return { days, from, before: isOver ? new Date(Math.min(issuedAt, now.getTime()) - days * DAY_MS) : null };
}
