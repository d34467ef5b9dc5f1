import { type TenantScope, takeLocks, together } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type Limit } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { ADVISORY_LOCKS } from '../database/advisory-locks';
import { Tenant } from '../tenancy/tenant.entity';
import { TenantEntitlements } from './entitlements';

/** Limits on how many of a thing a tenant has at a time. */
export type Quota = Extract<Limit, 'users' | 'data_sources' | 'agents'>;

const NAMES: Readonly<Record<Quota, string>> = {
  users: 'users and open invitations',
  data_sources: 'data sources',
  agents: 'agents',
};

/** Limits how many users, data sources and agents a tenant has. */
@Injectable()
export class Quotas {
  private readonly counts = new Map<Quota, (scope: TenantScope) => Promise<number>>();

  constructor(private readonly entitlements: TenantEntitlements) {}

  /** Registers how to count what a quota limits. Call it before the application starts. */
  on(quota: Quota, count: (scope: TenantScope) => Promise<number>): void {
    if (this.counts.has(quota)) throw new Error(`Two counts were registered for ${quota}.`);
    this.counts.set(quota, count);
  }

  /**
   * Call it in the transaction that adds one, before it does. No other transaction of the tenant can add one
   * until this one ends, so the quota is exact. Throws `quota_exceeded`.
   */
  async requireRoom(scope: TenantScope, quota: Quota): Promise<void> {
    const { manager, tenantId: id } = scope;
    await takeLocks(manager, { lockClass: ADVISORY_LOCKS.quotas, ids: [id] });
    const [tenant, used] = await together([
      manager.findOneByOrFail(Tenant, { id }),
      this.countOf(quota)(scope),
    ]);
    const { limits, plan } = await this.entitlements.of(tenant);
    const limit = limits[quota];
    if (used < limit) return;
    const detail =
      `The plan "${plan}" allows ${limit} ${NAMES[quota]}, and there are ${used}. Remove one that is not ` +
      'needed any more, or ask whoever runs Atlas for you to change the plan.';
    throw new DomainError('quota_exceeded', 'forbidden', detail, { quota, limit, used });
  }

  /** How much of each quota the tenant uses. */
  async used(scope: TenantScope): Promise<Readonly<Record<Quota, number>>> {
    const quotas = Object.keys(NAMES) as Quota[];
    const counts = await together(quotas.map((quota) => this.countOf(quota)(scope)));
    return Object.fromEntries(quotas.map((quota, index) => [quota, counts[index]])) as Record<Quota, number>;
  }

  private countOf(quota: Quota): (scope: TenantScope) => Promise<number> {
    const count = this.counts.get(quota);
    if (!count) throw new Error(`No count was registered for ${quota}.`);
    return count;
  }
}
