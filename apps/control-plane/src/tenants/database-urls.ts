import { SecretBox } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Tenant } from './tenant.entity';

/** Where a tenant's own database is: sealed on its row, opened for nobody but who may read secrets. */
@Injectable()
export class DatabaseUrls {
  constructor(private readonly box: SecretBox) {}

  async record(
    manager: EntityManager,
    tenantId: string,
    { endpointUrl, dbUrl }: { readonly endpointUrl: string; readonly dbUrl: string },
  ): Promise<void> {
    const dbUrlSealed = this.box.seal(dbUrl, placeOf(tenantId));
    await manager.update(Tenant, { id: tenantId }, { endpointUrl, dbUrlSealed });
  }

  async forget(manager: EntityManager, tenantId: string): Promise<void> {
    await manager.update(Tenant, { id: tenantId }, { endpointUrl: null, dbUrlSealed: null });
  }

  /** Null when none is recorded. */
  open({ id, dbUrlSealed }: Tenant): string | null {
    return dbUrlSealed === null ? null : this.box.open(dbUrlSealed, placeOf(id));
  }
}

function placeOf(tenantId: string) {
  return { table: 'tenants', column: 'db_url_sealed', rowId: tenantId, ownerId: tenantId };
}
