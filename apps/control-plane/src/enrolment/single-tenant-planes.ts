import { type DeploymentModel } from '@atlas/deployment-profiles';
import { StepFailure } from '@atlas/jobs';
import { insertRow, together } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, Not } from 'typeorm';
import { ProvisioningJobs, lastDeprovisioning } from '../provisioning-jobs/provisioning-jobs';
import { Placement } from '../registry/placement.entity';
import { placeOf, reservedPlacement } from '../registry/placements';
import { lockPlaneAndCalls } from '../registry/plane-lock';
import { TenantPlane, expectedPlane, isCell } from '../registry/tenant-plane.entity';
import { type Tenant } from '../registry/tenant.entity';
import { ServiceKeys } from '../service-keys/service-keys';
import { type Arrival } from './arrival';
import { ProvisioningTokens } from './provisioning-tokens';

/** Tenant planes that serve a single tenant. They are created for that tenant and retired with it. */
@Injectable()
export class SingleTenantPlanes {
  constructor(
    private readonly tokens: ProvisioningTokens,
    private readonly keys: ServiceKeys,
    private readonly jobs: ProvisioningJobs,
    private readonly clock: Clock,
  ) {}

  /** Returns the plane that the tenant is placed on, or creates one that is expected to enrol. */
  async ensure(manager: EntityManager, tenant: Tenant, { model, phase }: Arrival): Promise<TenantPlane> {
    // Locks the tenant, because an operator and the tenant's job may call this at the same time.
    await manager.query('update tenants set id = id where id = $1', [tenant.id]);
    const known = await this.find(manager, tenant.id, phase);
    if (known && known.deploymentModel !== model) throw placeTaken(known);
    if (known) return known;
    const plane = expectedPlane({
      // Plane names are never reused, so a restored tenant's plane needs a new name.
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

  /**
   * Like `ensure`, for a plane that the customer runs. If the customer kept the
   * tenant's earlier plane with its data, that plane is expected to enrol again.
   */
  async expectAgain(manager: EntityManager, tenant: Tenant, arrival: Arrival): Promise<TenantPlane> {
    const isThere = (await this.find(manager, tenant.id, arrival.phase)) !== null;
    const plane = isThere ? null : await this.leftWithCustomer(manager, tenant.id, arrival.model);
    if (!plane) return this.ensure(manager, tenant, arrival);
    const place = { tenantId: tenant.id, tenantPlaneId: plane.id, createdAt: this.clock.now() };
    const placement = reservedPlacement(place, arrival.phase);
    await manager.upsert(Placement, placement, ['tenantId', 'tenantPlaneId']);
    await manager.update(TenantPlane, { id: plane.id }, { status: 'expected', nextKeyId: null, placed: 1 });
    return manager.findOneByOrFail(TenantPlane, { id: plane.id });
  }

  /**
   * Finds the plane that was the tenant's home when it was deprovisioned. Copies on other planes are older.
   */
  private async leftWithCustomer(
    manager: EntityManager,
    tenantId: string,
    model: DeploymentModel,
  ): Promise<TenantPlane | null> {
    const home = (await lastDeprovisioning(manager, tenantId))?.params['tenant_plane_id'];
    const left = manager
      .createQueryBuilder(TenantPlane, 'plane')
      .innerJoin(Placement, 'place', 'place.tenantPlaneId = plane.id')
      .where('place.tenantId = :tenantId and plane.deploymentModel = :model', { tenantId, model })
      .andWhere("plane.status = 'retired' and plane.enrolledAt is not null")
      .orderBy('place.createdAt', 'DESC');
    // Jobs from earlier versions do not name the plane. For them, the newest placement is used.
    if (typeof home === 'string') left.andWhere({ id: home });
    return left.getOne();
  }

  /** The tenant's home or, with `importing`, the plane to which the tenant is moving. */
  async find(
    manager: EntityManager,
    tenantId: string,
    phase: Arrival['phase'] = 'serving',
  ): Promise<TenantPlane | null> {
    const place = await placeOf(manager, tenantId, phase);
    return place && manager.findOneBy(TenantPlane, { id: place.tenantPlaneId });
  }

  /**
   * Retires the plane: revokes its token and its keys, and supersedes its jobs. Without a tenant, the plane
   * must be in the warm pool, and the job that removes it goes on.
   */
  async retire(manager: EntityManager, tenantId: string | null, plane: TenantPlane): Promise<void> {
    const { id } = await lockPlaneAndCalls(manager, plane.id);
    await requireOwn(manager, tenantId, plane);
    await this.tokens.revokeLive(manager, id);
    await this.keys.revokeAll(manager, id);
    await manager.update(TenantPlane, { id }, { status: 'retired', placed: 0, dbUrlSealed: null });
    const others = tenantId === null ? ({ operation: 'rotate_secret' } as const) : {};
    await this.jobs.supersede(manager, { tenantPlaneId: id, ...others }, 'retirement of its tenant plane');
  }
}

/**
 * Throws unless the plane serves this tenant alone or, if `tenantId` is null, waits in the warm pool. So no
 * job changes or retires a plane that other tenants use.
 */
export async function requireOwn(
  manager: EntityManager,
  tenantId: string | null,
  plane: TenantPlane,
): Promise<void> {
  const { id, name } = plane;
  const isOwn = await (tenantId === null
    ? // A plane that a tenant has had may contain its rows.
      manager.existsBy(TenantPlane, { id, poolState: 'pooled' })
    : noOtherIsOn(manager, id, tenantId));
  if (!isCell(plane) && isOwn) return;
  const detail = `Tenant plane ${name} is shared or serves another tenant. It was not changed or retired.`;
  const fix =
    'Atlas on-call: find out from the audit trail why this job assumes that only its tenant uses this plane.';
  throw new StepFailure('operator', 'plane_not_own', detail, fix);
}

async function noOtherIsOn(
  manager: EntityManager,
  tenantPlaneId: string,
  tenantId: string,
): Promise<boolean> {
  const others = { tenantPlaneId, tenantId: Not(tenantId), holdsPlace: true };
  return !(await manager.existsBy(Placement, others));
}

/** Another job has already reserved a place for the tenant on a plane of a different model. */
export function placeTaken({ name }: TenantPlane): StepFailure {
  const detail = `The tenant already has a place on tenant plane ${name}, reserved by another job.`;
  const fix = 'Operator: roll that job back, then retry this one.';
  return new StepFailure('operator', 'place_taken', detail, fix);
}
