import { TenantDatabase } from '@atlas/persistence';
import { type EntitlementsView } from '@atlas/tenant-api/entitlements';
import { Injectable } from '@nestjs/common';
import { TenantEntitlements } from '../entitlements/entitlements';
import { leaseView } from '../entitlements/lease-view';
import { retentionOf } from '../entitlements/retention';
import { Quotas } from '../entitlements/quotas';
import { TrustedTime } from '../plane-identity/trusted-time';
import { type Tenant } from '../tenancy/tenant.entity';

@Injectable()
export class EntitlementViews {
  constructor(
    private readonly entitlements: TenantEntitlements,
    private readonly quotas: Quotas,
    private readonly tenants: TenantDatabase,
    private readonly time: TrustedTime,
  ) {}

  async of(tenant: Tenant): Promise<EntitlementsView> {
    const granted = await this.entitlements.of(tenant);
    const { plan, modules, limits, lease, readOnly } = granted;
    const now = this.time.now();
    const retention = retentionOf(tenant, granted, now);
    const usage = await this.tenants.read(tenant.id, (scope) => this.quotas.used(scope));
    return {
      plan,
      modules,
      limits,
      usage,
      read_only: readOnly,
      read_only_from: lease?.read_only_at === undefined ? null : new Date(lease.read_only_at * 1000),
      retention_from: retention && retention.before === null ? retention.from : null,
      lease: lease && leaseView(lease, now),
    };
  }
}
