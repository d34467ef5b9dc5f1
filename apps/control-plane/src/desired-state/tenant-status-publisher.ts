import { lockedForUpdate } from '@atlas/persistence';
import { Clock, timeOfChange } from '@atlas/platform';
import { type TenantStatus } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { toldPlaces } from '../registry/placements';
import { changeTenantStatus } from '../registry/tenant-status';
import { Tenant } from '../registry/tenant.entity';
import { DesiredStates } from './desired-states';
import { issuedAtOf } from './leases';

export type Suspension = Pick<Tenant, 'suspendedAt' | 'suspensionReason' | 'billingJobId'>;
export const NO_SUSPENSION: Suspension = {
  suspendedAt: null,
  suspensionReason: null,
  billingJobId: null,
};

/** Changes a tenant's status and publishes it to every plane that serves the tenant or is about to. */
@Injectable()
export class TenantStatusPublisher {
  constructor(
    private readonly desiredStates: DesiredStates,
    private readonly clock: Clock,
  ) {}

  async set(
    manager: EntityManager,
    id: string,
    status: TenantStatus,
    changes: Partial<Suspension> = {},
  ): Promise<void> {
    const now = this.clock.now();
    // The lease says whether the tenant is suspended.
    const tenant = lockedForUpdate(manager.createQueryBuilder(Tenant, 'tenant').where({ id }));
    const leasedAt = timeOfChange(now, issuedAtOf(await tenant.getOneOrFail()));
    await changeTenantStatus(manager, id, status, { ...changes, leasedAt, updatedAt: now });
    await this.publish(manager, id);
  }

  /** Publishes the tenant's status to the planes that already have an entry for the tenant. */
  async publish(manager: EntityManager, tenantId: string): Promise<void> {
    for (const place of await toldPlaces(manager, tenantId)) await this.desiredStates.publish(manager, place);
  }
}
