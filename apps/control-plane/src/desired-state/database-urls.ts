import { SecretBox, type SealedPlace, updateRows } from '@atlas/persistence';
import { type Secret, type SecretText } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { SEALED, placeIn } from '../sealing/sealed-columns';
import { PlaneAddresses } from './plane-addresses';

interface Made {
  readonly endpointUrl: string;
  readonly dbUrl: Secret;
}

/**
 * The URLs of dedicated databases, sealed in the plane's and the
 * tenant's rows. Only callers who may read secrets see them.
 */
@Injectable()
export class DatabaseUrls {
  constructor(
    private readonly box: SecretBox,
    private readonly addresses: PlaneAddresses,
  ) {}

  /**
   * Records the URL first in the row of the tenant whose home this plane is and then in the plane's
   * row, because tenants must be locked before planes. Makes former homes redirect to the new address.
   */
  async record(
    manager: EntityManager,
    tenantPlaneId: string,
    { endpointUrl, dbUrl }: Made,
    home: Pick<Tenant, 'id'> | null,
  ): Promise<void> {
    const dbUrlSealed = this.box.seal(dbUrl, onPlane(tenantPlaneId));
    if (home)
      await updateRows(manager, Tenant, { id: home.id }, this.onTenant(home.id, { endpointUrl, dbUrl }));
    await manager.update(TenantPlane, { id: tenantPlaneId }, { endpointUrl, dbUrlSealed });
    if (home) await this.addresses.redirectUsersOf(manager, home.id);
  }

  /** The columns to change in a tenant's row when this plane becomes its home. */
  ofPlane(
    tenantId: string,
    { id, endpointUrl, dbUrlSealed }: TenantPlane,
  ): Pick<Tenant, 'endpointUrl' | 'dbUrlSealed'> {
    if (dbUrlSealed === null || endpointUrl === null) return { endpointUrl, dbUrlSealed: null };
    return this.onTenant(tenantId, {
      endpointUrl,
      dbUrl: this.box.open(dbUrlSealed, onPlane(id)),
    });
  }

  async forget(manager: EntityManager, tenantId: string): Promise<void> {
    await manager.update(Tenant, { id: tenantId }, { endpointUrl: null, dbUrlSealed: null });
  }

  /** Null if no URL is recorded. */
  open({ id, dbUrlSealed }: Tenant): Secret | null {
    return dbUrlSealed === null ? null : this.box.open(dbUrlSealed, onTenant(id));
  }

  /** Whether this URL is the one recorded in the plane's row. */
  ofPlaneIs({ id, dbUrlSealed }: TenantPlane, dbUrl: SecretText): boolean {
    return dbUrlSealed !== null && this.box.open(dbUrlSealed, onPlane(id)).equals(dbUrl);
  }

  private onTenant(id: string, { endpointUrl, dbUrl }: Made): Pick<Tenant, 'endpointUrl' | 'dbUrlSealed'> {
    return { endpointUrl, dbUrlSealed: this.box.seal(dbUrl, onTenant(id)) };
  }
}

function onPlane(id: string): SealedPlace {
  return placeIn(SEALED.planeDatabaseUrl, id, id);
}

function onTenant(id: string): SealedPlace {
  return placeIn(SEALED.tenantDatabaseUrl, id, id);
}
