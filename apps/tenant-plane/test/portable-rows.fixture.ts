import { Database, type TenantOwned } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type RowCodec, rowCodecs } from '../src/portability/row-codec';
import { tenantKeyColumn } from '../src/portability/tenant-key-column';
import { TENANT_PLANE_SCHEMA } from '../src/schema/tenant-plane-schema';
import { TenantKeys } from '../src/tenant-secrets/tenant-keys';
import { type TestTenantPlane } from './tenant-plane.fixture';

/** The codecs with which a plane sends and receives rows. */
export function codecsOf({ app }: TestTenantPlane): RowCodec[] {
  const { manager } = app.get(Database).dataSource;
  return rowCodecs(TENANT_PLANE_SCHEMA, manager, [tenantKeyColumn(app.get(TenantKeys))]);
}

/** Hashes of all rows of a tenant, by table. Equal rows have equal hashes on any plane. */
export function hashesOf(
  plane: TestTenantPlane,
  { tenant_id: tenantId }: DesiredTenant,
): Promise<Record<string, string[]>> {
  return plane.tenants.read(tenantId, async (scope) => {
    const tables = codecsOf(plane).map(async (codec) => {
      const rows = await scope.find<TenantOwned>(codec.metadata.name);
      return [codec.table, rows.map((row) => String(codec.hashOf(codec.encode(row)))).sort()] as const;
    });
    return Object.fromEntries(await Promise.all(tables));
  });
}
