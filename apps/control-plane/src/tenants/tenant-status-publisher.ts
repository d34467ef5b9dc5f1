import { Clock } from '@atlas/platform';
import { type TenantStatus } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../tenant-planes/desired-state.service';
import { placeOf } from '../tenant-planes/placements';
import { Tenant } from './tenant.entity';

/** Changes a tenant's status, and tells the plane that it lives on. */
@Injectable()
export class TenantStatusPublisher {
  constructor(
    private readonly desiredStates: DesiredStates,
    private readonly clock: Clock,
  ) {}

  async set(manager: EntityManager, id: string, status: TenantStatus): Promise<void> {
    await manager.update(Tenant, { id }, { status, updatedAt: this.clock.now() });
    await this.publish(manager, id);
  }

  /** Nothing to tell while nobody was told of the tenant. */
  async publish(manager: EntityManager, tenantId: string): Promise<void> {
    const home = await placeOf(manager, tenantId);
    if (home && home.entryRevision > 0) await this.desiredStates.publish(manager, home);
  }
}
