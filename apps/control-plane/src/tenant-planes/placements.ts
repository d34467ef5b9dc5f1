import { type Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { isUuid } from '@atlas/tenancy';
import { In } from 'typeorm';
import { Placement } from './placement.entity';

/** A plane speaks for the tenants placed on it and for no others. */
export async function requirePlacedHere(
  database: Database,
  tenantPlaneId: string,
  tenantIds: readonly string[],
): Promise<void> {
  if (tenantIds.length === 0) return;
  const wanted = [...new Set(tenantIds)];
  const areIds = wanted.every((id) => isUuid(id));
  if (areIds && (await countPlaced(database, tenantPlaneId, wanted)) === wanted.length) return;
  throw new DomainError(
    'tenant_not_on_plane',
    'forbidden',
    'The call names a tenant that is not placed on the calling tenant plane.',
  );
}

function countPlaced(database: Database, tenantPlaneId: string, tenantIds: string[]): Promise<number> {
  return database.read((manager) => manager.countBy(Placement, { tenantPlaneId, tenantId: In(tenantIds) }));
}
