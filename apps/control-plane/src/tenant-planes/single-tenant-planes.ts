import { insertRow, together } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type Tenant } from '../tenants/tenant.entity';
import { Placement } from './placement.entity';
import { reservedPlacement } from './placements';
import { ProvisioningTokens } from './provisioning-tokens';
import { ServiceKeys } from './service-keys';
import { TenantPlane, expectedPlane } from './tenant-plane.entity';

/** The tenant planes that serve one tenant: made for it, and retired with it. */
@Injectable()
export class SingleTenantPlanes {
  constructor(
    private readonly tokens: ProvisioningTokens,
    private readonly keys: ServiceKeys,
    private readonly clock: Clock,
  ) {}

  /** The plane that the tenant is placed on, or a new one that is expected to enrol. */
  async ensure(manager: EntityManager, tenant: Tenant): Promise<TenantPlane> {
    const known = await this.find(manager, tenant.id);
    if (known) return known;
    const plane = expectedPlane({
      // A name is never given twice, and a tenant may come back.
      name: (id) => `${tenant.slug}-${id.slice(-8)}`,
      deploymentModel: tenant.deploymentModel,
      region: tenant.region,
      capacity: 1,
      placed: 1,
      secretMode: 'own',
      now: this.clock.now(),
    });
    await together([
      insertRow(manager, TenantPlane, plane as never),
      insertRow(manager, Placement, reservedPlacement(tenant.id, plane.id, this.clock.now())),
    ]);
    return plane;
  }

  async find(manager: EntityManager, tenantId: string): Promise<TenantPlane | null> {
    const home = await manager.findOneBy(Placement, { tenantId, holdsPlace: true });
    return home && manager.findOneBy(TenantPlane, { id: home.tenantPlaneId });
  }

  /** Trust ends: neither its token nor its secret opens anything again. */
  async retire(manager: EntityManager, plane: TenantPlane): Promise<void> {
    await this.tokens.revokeLive(manager, plane.id);
    await this.keys.revokeAll(manager, plane.id);
    await manager.update(TenantPlane, { id: plane.id }, { status: 'retired', placed: 0 });
  }
}
