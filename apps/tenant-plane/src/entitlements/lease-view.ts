import { type LeaseClaims, leaseStateAt, nextEffectAt } from '@atlas/plane-contract';
import { type LeaseView } from '@atlas/tenant-api/entitlements';

export function leaseView(lease: LeaseClaims, now: Date): LeaseView {
  return {
    serial: lease.serial,
    issued_at: new Date(lease.serial),
    expires_at: new Date(lease.exp * 1000),
    state: leaseStateAt(lease, now),
    next_effect_at: nextEffectAt(lease, now),
  };
}
