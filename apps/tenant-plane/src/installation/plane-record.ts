import { lookInto } from '@atlas/persistence';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { databaseOptions } from '../schema/database-options';
import { Tenant } from '../tenancy/tenant.entity';

/** What a plane's database says about the plane. Can be read while another process is serving. */
export interface PlaneRecord {
  readonly identity: PlaneIdentity | null;
  readonly tenants: readonly Tenant[];
}

const NOTHING: PlaneRecord = { identity: null, tenants: [] };
const MAX_TENANTS = 1000;

/**
 * Returns an empty record if no plane was ever started on this database. Throws if the database cannot be
 * reached.
 */
export async function readPlaneRecord(config: TenantPlaneConfig): Promise<PlaneRecord> {
  const record = await lookInto(databaseOptions(config), async (reader) => {
    const runner = reader.createQueryRunner();
    const isThere = await runner.hasTable('plane_identity').finally(() => runner.release());
    if (!isThere) return NOTHING;
    const identity = await reader.manager.findOneBy(PlaneIdentity, { id: 1 });
    const tenants = await reader.manager.find(Tenant, { order: { slug: 'ASC' }, take: MAX_TENANTS });
    return { identity, tenants };
  });
  return record ?? NOTHING;
}
