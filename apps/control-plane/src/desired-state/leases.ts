import { LEASE_KEY_PURPOSE, LEASE_TYPE, type LeaseClaims } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { entitlementsOf } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Placement } from '../registry/placement.entity';
import { Tenant } from '../registry/tenant.entity';
import { SigningKeys } from '../signing-keys/signing-keys';

const DAY_SECONDS = 24 * 3600;
/** How long a lease is valid, unless a file says longer. A plane with a link gets a new one much earlier. */
export const LEASE_DAYS = 30;
/** How old a lease becomes before it is renewed. */
export const LEASE_RENEWED_AFTER_MS = 6 * 3600_000;
/** How long paid extras keep working after a bill has become past due. */
const PAST_DUE_GRACE_DAYS = 14;
/** At the end of a lease, the tenant's admins are told for this long what will stop, and when. */
export const GRACE_DAYS = 14;

/** What a lease says follows from these columns. */
const LEASED = [
  'id',
  'status',
  'plan',
  'planOverrides',
  'billingState',
  'pastDueSince',
  'leasedAt',
  'leasedUntil',
  'leasedUntilOn',
  'createdAt',
] as const;

export type Leased = Pick<Tenant, (typeof LEASED)[number]>;

/**
 * Signs leases. They are not stored, because signing one again gives the same lease. Whatever changes what a
 * tenant's lease says must also set `leasedAt`, which gives the lease a higher serial.
 */
@Injectable()
export class Leases {
  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  sign(tenant: Leased, tenantPlaneId: string): Promise<string> {
    const { sub, aud, iat, exp, ...claims } = claimsOf(tenant, tenantPlaneId);
    return this.keys.sign(
      LEASE_KEY_PURPOSE,
      LEASE_TYPE,
      (jwt) => jwt.setSubject(sub).setAudience(aud).setIssuedAt(iat).setExpirationTime(exp),
      { ...claims },
    );
  }

  /** The leases of the tenants whose entries on this plane have changed since `since`, by tenant. */
  async told(manager: EntityManager, tenantPlaneId: string, since: number): Promise<Map<string, string>> {
    const tenants: readonly Leased[] = await manager
      .createQueryBuilder(Tenant, 'tenant')
      .innerJoin(Placement, 'placement', 'placement.tenantId = tenant.id')
      .where('placement.tenantPlaneId = :tenantPlaneId', { tenantPlaneId })
      .andWhere("placement.entryRevision > :since and placement.phase <> 'retired'", { since })
      .andWhere("tenant.status <> 'deleted'")
      .select(LEASED.map((column) => `tenant.${column}`))
      .getMany();
    const now = this.clock.now().getTime() / 1000;
    // A plane refuses a lease that has ended. Such a lease is about to be renewed.
    const current = tenants.filter((tenant) => claimsOf(tenant, tenantPlaneId).exp > now);
    const signed = current.map(
      async (tenant) => [tenant.id, await this.sign(tenant, tenantPlaneId)] as const,
    );
    return new Map(await Promise.all(signed));
  }
}

/** The lease is valid for 30 days, and never ends before the newest file for this plane. */
export function claimsOf(tenant: Leased, tenantPlaneId: string): LeaseClaims {
  const { plan, billingState, pastDueSince, leasedUntil, leasedUntilOn, status } = tenant;
  const issuedAt = issuedAtOf(tenant);
  const iat = secondsOf(issuedAt);
  const endOfFile = leasedUntil && leasedUntilOn === tenantPlaneId ? secondsOf(leasedUntil) : 0;
  const exp = Math.max(iat + LEASE_DAYS * DAY_SECONDS, endOfFile);
  return {
    sub: tenant.id,
    aud: tenantPlaneId,
    serial: issuedAt.getTime(),
    iat,
    // A longer lease is loaded by hand, so the tenant's admins are reminded a month before it ends.
    late_at: Math.max(iat + DAY_SECONDS, exp - LEASE_DAYS * DAY_SECONDS),
    grace_at: Math.max(iat, exp - GRACE_DAYS * DAY_SECONDS),
    exp,
    plan,
    ...entitlementsOf(plan, tenant.planOverrides),
    billing: billingState,
    ...(status !== 'deprovisioning' && { status: status === 'suspended' ? status : 'active' }),
    ...(pastDueSince && { read_only_at: secondsOf(readOnlyFrom(pastDueSince)) }),
  };
}

/** When a tenant's newest lease was issued. */
export function issuedAtOf({ leasedAt, createdAt }: Pick<Tenant, 'leasedAt' | 'createdAt'>): Date {
  return leasedAt ?? createdAt;
}

/** When the paid extras of a tenant whose bill is past due become read-only. */
export function readOnlyFrom(pastDueSince: Date): Date {
  return new Date(pastDueSince.getTime() + PAST_DUE_GRACE_DAYS * DAY_SECONDS * 1000);
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
