import { insertRow, together } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { type DeploymentModel } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type Arrival } from '../provisioning/arrival';
import { Jobs } from '../provisioning/jobs.repository';
import { type Tenant } from '../tenants/tenant.entity';
import { Placement } from './placement.entity';
import { placeOf, reservedPlacement } from './placements';
import { lockPlane } from './plane-lock';
import { ProvisioningTokens } from './provisioning-tokens';
import { ServiceKeys } from './service-keys';
import { TenantPlane, expectedPlane } from './tenant-plane.entity';

/** The tenant planes that serve one tenant: made for it, and retired with it. */
@Injectable()
export class SingleTenantPlanes {
  constructor(
    private readonly tokens: ProvisioningTokens,
    private readonly keys: ServiceKeys,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** The plane that the tenant is placed on, or a new one that is expected to enrol. */
  async ensure(manager: EntityManager, tenant: Tenant, { model, phase }: Arrival): Promise<TenantPlane> {
    // One at a time for a tenant: a person and its job may come at once.
    await manager.query('update tenants set id = id where id = $1', [tenant.id]);
    const known = await this.find(manager, tenant.id, phase);
    if (known) return known;
    const plane = expectedPlane({
      // A name is never given twice, and a tenant may come back.
      name: (id) => `${tenant.slug}-${id.slice(-8)}`,
      deploymentModel: model,
      region: tenant.region,
      capacity: 1,
      placed: 1,
      secretMode: 'own',
      now: this.clock.now(),
    });
    const place = { tenantId: tenant.id, tenantPlaneId: plane.id, createdAt: plane.createdAt };
    await together([
      insertRow(manager, TenantPlane, plane),
      insertRow(manager, Placement, reservedPlacement(place, phase)),
    ]);
    return plane;
  }

  /** As `ensure`, where a customer runs the plane: the one that it was left with is expected again, and has kept the data. */
  async expectAgain(manager: EntityManager, tenant: Tenant, arrival: Arrival): Promise<TenantPlane> {
    const plane = await this.leftWithCustomer(manager, tenant.id, arrival.model);
    if (!plane) return this.ensure(manager, tenant, arrival);
    const place = { tenantId: tenant.id, tenantPlaneId: plane.id, createdAt: this.clock.now() };
    const placement = reservedPlacement(place, arrival.phase);
    await manager.upsert(Placement, placement, ['tenantId', 'tenantPlaneId']);
    await manager.update(TenantPlane, { id: plane.id }, { status: 'expected', nextKeyId: null, placed: 1 });
    return manager.findOneByOrFail(TenantPlane, { id: plane.id });
  }

  /** The last one of that model that the tenant had. */
  private leftWithCustomer(
    manager: EntityManager,
    tenantId: string,
    model: DeploymentModel,
  ): Promise<TenantPlane | null> {
    return manager
      .createQueryBuilder(TenantPlane, 'plane')
      .innerJoin(Placement, 'place', 'place.tenantPlaneId = plane.id')
      .where('place.tenantId = :tenantId and plane.deploymentModel = :model', { tenantId, model })
      .andWhere("plane.status = 'retired' and plane.enrolledAt is not null")
      .orderBy('plane.enrolledAt', 'DESC')
      .getOne();
  }

  /** The plane that the tenant lives on, or the one that it is on its way to. */
  async find(
    manager: EntityManager,
    tenantId: string,
    phase: Arrival['phase'] = 'serving',
  ): Promise<TenantPlane | null> {
    const place = await placeOf(manager, tenantId, phase);
    return place && manager.findOneBy(TenantPlane, { id: place.tenantPlaneId });
  }

  /** Trust ends: neither its token nor its secret opens anything again, and nobody waits for it any longer. */
  async retire(manager: EntityManager, { id }: TenantPlane): Promise<void> {
    await lockPlane(manager, id);
    await this.tokens.revokeLive(manager, id);
    await this.keys.revokeAll(manager, id);
    await manager.update(TenantPlane, { id }, { status: 'retired', placed: 0, dbUrlSealed: null });
    await this.jobs.supersede(manager, { tenantPlaneId: id }, 'its tenant plane is retired');
  }
}
