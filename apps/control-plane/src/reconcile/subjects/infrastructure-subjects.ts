import { Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull, MoreThan, Not } from 'typeorm';
import { type DriverName } from '../../config/control-plane.config';
import { PlaneAddresses } from '../../desired-state/plane-addresses';
import { Drivers } from '../../infrastructure/drivers';
import {
  type InfrastructureSubject,
  type InspectedInfrastructure,
} from '../../infrastructure/drivers/infrastructure-driver';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { busyPlanes, placementsOn } from './plane-subjects';
import { type Subject, type SubjectPage, Subjects, pageById } from './subject';

/** What a driver created for a tenant's home, or for the warm pool. */
export interface MadeInfrastructure extends Subject {
  readonly plane: TenantPlane;
  /** Null while the plane is in the warm pool. */
  readonly tenant: Tenant | null;
  readonly driver: DriverName;
  readonly made: InfrastructureSubject;
  readonly found: InspectedInfrastructure;
}

type Candidate = Omit<MadeInfrastructure, 'found'>;

@Injectable()
export class InfrastructureSubjects extends Subjects<MadeInfrastructure> {
  readonly kind = 'infrastructure';

  constructor(
    private readonly drivers: Drivers,
    private readonly infrastructures: Infrastructures,
    private readonly addresses: PlaneAddresses,
  ) {
    super();
  }

  async page(manager: EntityManager, position: string | null): Promise<SubjectPage<MadeInfrastructure>> {
    const { rows, next } = await pageById(position, (after, take) =>
      manager.find(TenantPlane, { where: { ...MADE, id: MoreThan(after) }, order: { id: 'ASC' }, take }),
    );
    return { subjects: await this.describe(manager, rows), next };
  }

  async some(manager: EntityManager, ids: readonly string[]): Promise<MadeInfrastructure[]> {
    return this.describe(manager, await manager.findBy(TenantPlane, { ...MADE, id: In([...ids]) }));
  }

  async lock(manager: EntityManager, id: string): Promise<void> {
    // A repair also updates the tenant, which must be locked first.
    await this.addresses.lockTenantsAt(manager, id);
    await manager.query('update tenant_planes set id = id where id = $1', [id]);
  }

  private async describe(
    manager: EntityManager,
    planes: readonly TenantPlane[],
  ): Promise<MadeInfrastructure[]> {
    const candidates = await this.candidates(manager, planes);
    const drivers = new Set(candidates.map(({ driver }) => driver));
    const found = new Map<string, InspectedInfrastructure>();
    for (const name of drivers) {
      const subjects = candidates.filter(({ driver }) => driver === name).map(({ made }) => made);
      for (const one of await this.drivers.get(name).inspect(subjects)) found.set(one.tenantPlaneId, one);
    }
    return candidates.flatMap((one) => {
      const inspected = found.get(one.id);
      return inspected ? [{ ...one, found: inspected }] : [];
    });
  }

  /**
   * Homes, and planes that wait in the warm pool. A plane that a tenant has left, or is moving
   * to, belongs to the job that removes or creates it.
   */
  private async candidates(manager: EntityManager, planes: readonly TenantPlane[]): Promise<Candidate[]> {
    const placements = (await placementsOn(manager, planes)).filter(
      ({ holdsPlace, phase }) => holdsPlace && phase !== 'importing',
    );
    const tenantIds = placements.map(({ tenantId }) => tenantId);
    const tenants = await manager.findBy(Tenant, { id: In(tenantIds), status: In(['active', 'suspended']) });
    const busy = await busyPlanes(manager, planes, placements);
    return planes.flatMap((plane) => {
      const { id, infrastructureDriver: driver, poolState, acceptsTenants } = plane;
      const { tenantId } = placements.find(({ tenantPlaneId }) => tenantPlaneId === id) ?? {};
      const tenant = tenants.find((one) => one.id === tenantId) ?? null;
      if (!driver || (!tenant && !(poolState === 'pooled' && acceptsTenants))) return [];
      const made = this.infrastructures.subjectOf(tenant, plane, plane.release);
      return [{ id, isBusy: busy.has(id), plane, tenant, driver, made }];
    });
  }
}

const MADE = {
  infrastructureDriver: Not(IsNull()),
  dbUrlSealed: Not(IsNull()),
  status: Not('retired' as const),
};
