import { StepFailure } from '@atlas/jobs';
import { insertRow, together } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { type DeploymentModel } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, Not } from 'typeorm';
import { ProvisioningJobs, lastDeprovisioning } from '../provisioning-jobs/provisioning-jobs';
import { Placement } from '../registry/placement.entity';
import { placeOf, reservedPlacement } from '../registry/placements';
import { lockPlaneAndCalls } from '../registry/plane-lock';
import { TenantPlane, expectedPlane } from '../registry/tenant-plane.entity';
import { type Tenant } from '../registry/tenant.entity';
import { ServiceKeys } from '../service-keys/service-keys';
import { type Arrival } from './arrival';
import { ProvisioningTokens } from './provisioning-tokens';

/** The tenant planes that serve one tenant: made for it, and retired with it. */
@Injectable()
export class SingleTenantPlanes {
  constructor(
    private readonly tokens: ProvisioningTokens,
    private readonly keys: ServiceKeys,
    private readonly jobs: ProvisioningJobs,
    private readonly clock: Clock,
  ) {}

  /** The plane that the tenant is placed on, or a new one that is expected to enrol. */
  async ensure(manager: EntityManager, tenant: Tenant, { model, phase }: Arrival): Promise<TenantPlane> {
    // One at a time for a tenant: a person and its job may come at once.
    await manager.query('update tenants set id = id where id = $1', [tenant.id]);
    const known = await this.find(manager, tenant.id, phase);
    if (known && known.deploymentModel !== model) throw placeTaken(known);
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

  /**
   * As `ensure`, where a customer runs the plane: the one that
   * it was left with is expected again, and has kept the data.
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
   * The plane that was the tenant's home when it was deprovisioned. A copy that it had left before is older.
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
    // ProvisioningJobs of before do not say which it was: the last that it came to.
    if (typeof home === 'string') left.andWhere({ id: home });
    return left.getOne();
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

  /**
   * Trust ends: neither its token nor its secret opens anything again, and nobody waits for it any longer.
   */
  async retire(manager: EntityManager, tenantId: string, plane: TenantPlane): Promise<void> {
    const { id } = await lockPlaneAndCalls(manager, plane.id);
    await requireOwn(manager, tenantId, plane);
    await this.tokens.revokeLive(manager, id);
    await this.keys.revokeAll(manager, id);
    await manager.update(TenantPlane, { id }, { status: 'retired', placed: 0, dbUrlSealed: null });
    await this.jobs.supersede(manager, { tenantPlaneId: id }, 'its tenant plane is retired');
  }
}

/** What is made, changed or ended for one tenant is never the plane of others. */
export async function requireOwn(
  manager: EntityManager,
  tenantId: string,
  { id, name, deploymentModel }: TenantPlane,
): Promise<void> {
  const others = { tenantPlaneId: id, tenantId: Not(tenantId), holdsPlace: true };
  if (deploymentModel !== 'shared' && !(await manager.existsBy(Placement, others))) return;
  const detail = `Tenant plane ${name} is shared, or serves another tenant. It was neither changed nor retired.`;
  const fix =
    'Atlas on-call: find out from the audit trail why this job takes it for the plane of its tenant alone.';
  throw new StepFailure('operator', 'plane_not_own', detail, fix);
}

/** The tenant is on its way to a place that this job did not ask for. */
export function placeTaken({ name }: TenantPlane): StepFailure {
  const detail = `The tenant still holds a place at tenant plane ${name} that another job made.`;
  const fix = 'Operator: roll that job back, then retry this one.';
  return new StepFailure('operator', 'place_taken', detail, fix);
}
