import { Clock } from '@atlas/platform';
import { type TenantStatus } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { toldPlaces } from '../registry/placements';
import { changeTenantStatus } from '../registry/tenant-status';
import { type Tenant } from '../registry/tenant.entity';
import { DesiredStates } from './desired-states';

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
    await changeTenantStatus(manager, id, status, { ...changes, updatedAt: this.clock.now() });
    await this.publish(manager, id);
  }

  /** Publishes the tenant's status to the planes that already have an entry for the tenant. */
  async publish(manager: EntityManager, tenantId: string): Promise<void> {
    for (const place of await toldPlaces(manager, tenantId)) await this.desiredStates.publish(manager, place);
  }
}
