import { lookAs, lookInto } from '@atlas/persistence';
import { type EgressSum } from '@atlas/tenant-api/deployment';
import { type DataSource } from 'typeorm';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { EgressCall, PlaneEgressCall } from '../egress/egress-call.entity';
import { addedSums, egressSums, recentSince } from '../egress/egress-sums';
import { PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { databaseOptions } from '../schema/database-options';
import { Tenant } from '../tenancy/tenant.entity';

/** What a plane's database says about the plane. Can be read while another process is serving. */
export interface PlaneRecord {
  readonly identity: PlaneIdentity | null;
  readonly tenants: readonly Tenant[];
  /** What has left the plane in the last 24 hours, with the calls of all tenants. */
  readonly egress: readonly EgressSum[];
}

const NOTHING: PlaneRecord = { identity: null, tenants: [], egress: [] };
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
    return { identity, tenants, egress: await recentEgress(reader, tenants) };
  });
  return record ?? NOTHING;
}

/** Empty before the plane's first start with a version that keeps a ledger. */
async function recentEgress(reader: DataSource, tenants: readonly Tenant[]): Promise<EgressSum[]> {
  const runner = reader.createQueryRunner();
  const isKept = await runner.hasTable('egress_calls').finally(() => runner.release());
  if (!isKept) return [];
  const since = recentSince(new Date());
  const planes = reader.manager.createQueryBuilder(PlaneEgressCall, 'call').where('1 = 1');
  const sums = await egressSums(planes, since);
  for (const { id } of tenants) {
    const own = await lookAs(reader, id, (manager) =>
      egressSums(manager.createQueryBuilder(EgressCall, 'call').where({ tenantId: id }), since),
    );
    sums.push(...own);
  }
  return addedSums(sums);
}
