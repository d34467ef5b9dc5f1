import { Database, TenantDatabase } from '@atlas/persistence';
import { type DeploymentStateView, type EgressSum, type RecentEgress } from '@atlas/tenant-api/deployment';
import { Injectable } from '@nestjs/common';
import { ControlPlaneLink } from '../control-plane-link/control-plane-link';
import { EgressCall, PlaneEgressCall } from '../egress/egress-call.entity';
import { EgressLedger } from '../egress/egress-ledger';
import { addedSums, egressSums, recentSince } from '../egress/egress-sums';
import { TenantEntitlements } from '../entitlements/entitlements';
import { leaseView } from '../entitlements/lease-view';
import { Deployment } from '../plane-identity/deployment';
import { TrustedTime } from '../plane-identity/trusted-time';
import { type Tenant } from '../tenancy/tenant.entity';

/** What a tenant's operators may know about the plane and its link to the Control Plane. */
@Injectable()
export class DeploymentState {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly deployment: Deployment,
    private readonly link: ControlPlaneLink,
    private readonly entitlements: TenantEntitlements,
    private readonly ledger: EgressLedger,
    private readonly time: TrustedTime,
  ) {}

  async of(tenant: Tenant): Promise<DeploymentStateView> {
    const { lease } = await this.entitlements.of(tenant);
    return {
      ...this.deployment.details(),
      database: this.database.driver,
      control_plane: this.link.status,
      lease: lease && leaseView(lease, this.time.now()),
      egress: await this.egressOf(tenant.id),
    };
  }

  private async egressOf(tenantId: string): Promise<RecentEgress> {
    await this.ledger.flush();
    const since = recentSince(this.time.now());
    const own = await this.tenants.read(tenantId, (scope) =>
      egressSums(scope.query(EgressCall, 'call'), since),
    );
    // The calls of a shared plane would say how many other tenants it has.
    const planes = this.deployment.profile.tenantFixed ? await this.planeSums(since) : [];
    return { since, classes: addedSums([...own, ...planes]) };
  }

  private planeSums(since: Date): Promise<EgressSum[]> {
    return this.database.read((manager) =>
      egressSums(manager.createQueryBuilder(PlaneEgressCall, 'call').where('1 = 1'), since),
    );
  }
}
