import { updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { PlaneAddresses } from '../../desired-state/plane-addresses';
import { Tenant } from '../../registry/tenant.entity';
import { TenantAddresses } from '../../tenants/tenant-addresses';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/**
 * The address in a tenant's row, from which routes are derived, differs from
 * the address in its plane's row. Repaired by copying the plane's address.
 */
@Injectable()
export class AddressDiffersCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'address_differs';

  constructor(
    readonly subjects: TenantSubjects,
    private readonly addresses: TenantAddresses,
    private readonly planeAddresses: PlaneAddresses,
    private readonly clock: Clock,
  ) {
    super();
  }

  find({ tenant, isLive, home }: TenantSubject): string | null {
    if (!isLive || !home || home.plane.endpointUrl === null) return null;
    const fields = this.addresses.differences(home.plane, tenant);
    if (fields.length === 0) return null;
    return (
      `Tenant ${tenant.slug} differs in ${fields.join(', ')} from what its tenant plane ` +
      `${home.plane.name} provides.`
    );
  }

  override async repair(manager: EntityManager, { tenant, home }: TenantSubject): Promise<boolean> {
    if (!home) return false;
    const { dbUrlSealed, ...address } = this.addresses.at(home.plane, tenant);
    // If the plane's row names no database, the tenant keeps its recorded database.
    const changes = { ...address, ...(home.plane.dbUrlSealed !== null && { dbUrlSealed }) };
    await updateRows(manager, Tenant, { id: tenant.id }, { ...changes, updatedAt: this.clock.now() });
    await this.planeAddresses.redirectUsersOf(manager, tenant.id);
    return true;
  }
}
