import { type DeploymentModel, profileOf } from '@atlas/deployment-profiles';
import { Database } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { isUuid } from '@atlas/tenancy';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { readOnlyFrom } from '../desired-state/leases';
import { Placement } from '../registry/placement.entity';
import { tenantNotOnPlane } from '../registry/placements';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { aiNotAllowed, aiUnpaid } from './ai.errors';
import { type AiProvider } from './providers/ai-provider.entity';
import { AiProviders } from './providers/ai-providers';

/** A tenant that may ask, and the providers that are enabled. */
export interface Admitted {
  readonly tenant: Tenant;
  readonly providers: readonly AiProvider[];
}

/** Decides whether a plane may ask questions for a tenant. */
@Injectable()
export class Admission {
  private readonly logger = new Logger(Admission.name);

  constructor(
    private readonly database: Database,
    private readonly providers: AiProviders,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws unless the tenant is active and the plane is its home. On-prem
   * tenants also need their admin's permission.
   */
  async admit(planeId: string, tenantId: string, isAllowedByAdmin: boolean): Promise<Admitted> {
    // Read together, because each wait delays the first token.
    const [home, providers] = await Promise.all([
      this.database.read((manager) => homeOf(manager, tenantId, planeId)),
      this.providers.inOrder({ enabled: true }),
    ]);
    // A plane that only has an old copy of the tenant may not send questions for it.
    if (!home) throw tenantNotOnPlane();
    const { tenant, deploymentModel } = home;
    if (tenant.status !== 'active')
      throw new DomainError(
        'tenant_suspended',
        'forbidden',
        `The tenant's status is "${tenant.status}". Only active tenants can use AI.`,
      );
    const { pastDueSince } = tenant;
    if (pastDueSince && readOnlyFrom(pastDueSince) <= this.clock.now()) throw aiUnpaid();
    const { aiRouting } = profileOf(deploymentModel);
    if (aiRouting === 'control_plane_if_admin_allows' && !isAllowedByAdmin) throw aiNotAllowed();
    this.logger.log({ msg: 'AI question admitted', tenantPlaneId: planeId, tenantId });
    return { tenant, providers };
  }
}

/** Null unless the plane is the tenant's home. */
async function homeOf(
  manager: EntityManager,
  tenantId: string,
  tenantPlaneId: string,
): Promise<(Pick<TenantPlane, 'deploymentModel'> & { readonly tenant: Tenant }) | null> {
  if (!isUuid(tenantId)) return null;
  const { entities, raw } = await manager
    .createQueryBuilder(Tenant, 'tenant')
    .innerJoin(Placement, 'place', 'place.tenantId = tenant.id')
    .innerJoin(TenantPlane, 'plane', 'plane.id = place.tenantPlaneId')
    .addSelect('plane.deploymentModel', 'model')
    .where({ id: tenantId })
    .andWhere('plane.id = :tenantPlaneId and place.holdsPlace = :holds', { tenantPlaneId, holds: true })
    .andWhere('place.phase <> :importing', { importing: 'importing' })
    .getRawAndEntities<{ readonly model: DeploymentModel }>();
  const [tenant, found] = [entities[0], raw[0]];
  return tenant && found ? { tenant, deploymentModel: found.model } : null;
}
