import { CREATED_MODELS } from '@atlas/deployment-profiles';
import { Database, insertRow, lockedForUpdate, updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { POOL_STEM } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { DatabaseUrls } from '../desired-state/database-urls';
import { sqlOfHealth } from '../registry/health-class';
import { Placement } from '../registry/placement.entity';
import { reservedPlacement } from '../registry/placements';
import { TenantPlane, expectedPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { type Arrival } from './arrival';

/** The model of the planes in the pool. */
const [MODEL] = CREATED_MODELS;

/** Planes that are prepared before a tenant needs one. Each is taken by one tenant and never comes back. */
@Injectable()
export class WarmPool {
  constructor(
    private readonly database: Database,
    private readonly urls: DatabaseUrls,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Registers a plane that is to be prepared. No tenant can take it yet. */
  async add(manager: EntityManager): Promise<TenantPlane> {
    const expected = expectedPlane({
      name: (id) => `${POOL_STEM}-${id.slice(-8)}`,
      deploymentModel: MODEL,
      region: this.config.DEDICATED_POOL_REGION ?? null,
      capacity: 1,
      placed: 0,
      secretMode: 'own',
      now: this.clock.now(),
    });
    const plane: TenantPlane = { ...expected, acceptsTenants: false, poolState: 'pooled' };
    await insertRow(manager, TenantPlane, plane);
    return plane;
  }

  /**
   * Gives the tenant a plane that is ready and suits it, or returns null. The tenant must be locked. Tenants
   * that come at the same time get different planes, and wait for each other only if there are too few.
   */
  async take(manager: EntityManager, tenant: Tenant, { model, phase }: Arrival): Promise<TenantPlane | null> {
    if (model !== MODEL) return null;
    const free = await lockedForUpdate(this.ready(manager, tenant), { skipLocked: true }).getOne();
    // A plane that was skipped may merely be reporting.
    const plane = free ?? (await this.waitForOne(manager, tenant));
    if (!plane) return null;
    const { id: tenantPlaneId } = plane;
    await manager.update(TenantPlane, { id: tenantPlaneId }, { poolState: 'taken', placed: 1 });
    const place = { tenantId: tenant.id, tenantPlaneId, createdAt: this.clock.now() };
    await insertRow(manager, Placement, reservedPlacement(place, phase));
    if (phase === 'serving')
      await updateRows(manager, Tenant, { id: tenant.id }, this.urls.ofPlane(tenant.id, plane));
    return { ...plane, poolState: 'taken', placed: 1 };
  }

  private async waitForOne(manager: EntityManager, tenant: Tenant): Promise<TenantPlane | null> {
    while (await this.ready(manager, tenant).getExists()) {
      const plane = await lockedForUpdate(this.ready(manager, tenant)).getOne();
      if (plane) return plane;
    }
    return null;
  }

  /** At most one plane. Only planes of the version that a new plane would run. */
  private ready(manager: EntityManager, { region, settings }: Tenant): SelectQueryBuilder<TenantPlane> {
    const database = settings['database_driver'] ?? this.config.dedicatedDatabase;
    const version = this.config.tenantPlaneVersion;
    const query = manager
      .createQueryBuilder(TenantPlane, 'plane')
      .where("plane.poolState = 'pooled' and plane.status <> 'retired'")
      .andWhere('plane.acceptsTenants and plane.placed = 0')
      .andWhere({ release: version, databaseDriver: database })
      .andWhere(sqlOfHealth(this.database).online)
      .andWhere("coalesce(plane.healthStatus, 'ok') <> 'failing'")
      .orderBy('plane.id')
      .limit(1);
    return region === null ? query : query.andWhere({ region });
  }
}
