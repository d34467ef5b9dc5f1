import { randomUUID } from 'node:crypto';
import { Database, roleFaults, tenantTableProblems } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type DataSource } from 'typeorm';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { Incident } from '../../src/incidents/incident.entity';
import { STAYING_ENTITIES, TENANT_SCOPED_ENTITIES } from '../../src/schema/tenant-plane-schema';
import { fillEveryTable } from '../rows.fixture';
import { TestTenantPlane } from '../tenant-plane.fixture';

const TABLES = TENANT_SCOPED_ENTITIES.map((entity) => [entity.name, entity] as const);

describe('row-level security on Postgres, without the tenant filter in the code', () => {
  let plane: TestTenantPlane;
  let acme: DesiredTenant;
  let globex: DesiredTenant;
  let dataSource: DataSource;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot('postgres');
    dataSource = plane.app.get(Database).dataSource;
    [acme, globex] = [await plane.tenant('acme'), await plane.tenant('globex')];
    await fillEveryTable(plane, acme);
    await fillEveryTable(plane, globex);
  });
  afterAll(() => plane.close());

  const tableOf = (entity: new () => object): string => dataSource.getMetadata(entity).tableName;
  const rowsOf = (tenant: DesiredTenant, table: string): Promise<{ tenant_id: string }[]> =>
    plane.tenants.read(tenant.tenant_id, ({ manager }) => manager.query(`select * from ${table}`));

  describe.each(TABLES)('for %s', (_, entity) => {
    it('shows a tenant only its own rows', async () => {
      for (const tenant of [acme, globex]) {
        const owners = (await rowsOf(tenant, tableOf(entity))).map((row) => row.tenant_id);
        expect(new Set(owners)).toEqual(new Set([tenant.tenant_id]));
        const found = await plane.tenants.read(tenant.tenant_id, ({ manager }) => manager.find(entity));
        expect(new Set(found.map((row) => row.tenantId))).toEqual(new Set([tenant.tenant_id]));
      }
    });

    it('shows nothing if no tenant is set', async () => {
      const seen = await plane.app.get(Database).read((manager) => manager.find(entity));
      expect(seen).toEqual([]);
    });

    it("prevents a tenant from changing or deleting another tenant's rows", async () => {
      const table = tableOf(entity);
      const before = await rowsOf(globex, table);
      const written = plane.tenants.write(acme.tenant_id, async ({ manager }) => {
        await manager.query(`update ${table} set tenant_id = tenant_id where tenant_id = $1`, [
          globex.tenant_id,
        ]);
        await manager.query(`delete from ${table} where tenant_id = $1`, [globex.tenant_id]);
      });
      await expect(written).resolves.toBeUndefined();
      expect(await rowsOf(globex, table)).toEqual(before);
    });

    it('prevents a tenant from assigning its rows to another tenant', async () => {
      const table = tableOf(entity);
      const given = plane.tenants.write(acme.tenant_id, ({ manager }) =>
        manager.query(`update ${table} set tenant_id = $1`, [globex.tenant_id]),
      );
      // No one may change an audit row, and the trigger that enforces this fires first.
      await expect(given).rejects.toThrow(
        entity === AuditEvent ? 'audit_append_only' : 'violates row-level security policy',
      );
    });
  });

  it('keeps separate counters for each tenant', async () => {
    const rows = await rowsOf(acme, 'tenant_counters');
    expect(rows.map((row) => row.tenant_id)).toEqual([acme.tenant_id]);
  });

  it('refuses to insert a row for another tenant', async () => {
    const planted = plane.tenants.write(acme.tenant_id, async ({ manager }) => {
      const [row] = await manager.find(Incident);
      const copy = { ...row, tenantId: globex.tenant_id, id: randomUUID(), number: 'INC-99999999' };
      await manager.insert(Incident, copy);
    });
    await expect(planted).rejects.toThrow('violates row-level security policy');
  });

  it('leaves no tenant set on a connection that returns to the pool', async () => {
    await Promise.all(
      Array.from({ length: 30 }, () => plane.tenants.read(acme.tenant_id, (scope) => scope.find(Incident))),
    );
    const settings = await Promise.all(
      Array.from({ length: 30 }, () =>
        plane.app
          .get(Database)
          .read((manager) => manager.query("select current_setting('app.tenant_id', true) as tenant")),
      ),
    );
    const tenants = settings.flat().map((row: { tenant: string | null }) => row.tenant ?? '');
    expect(new Set(tenants)).toEqual(new Set(['']));
  });

  it('protects every table of the real schema, where the serving role owns nothing', async () => {
    expect(await tenantTableProblems(dataSource)).toEqual([]);
    expect(await roleFaults(dataSource)).toEqual({ bypassing: [], owning: [] });
  });

  it('covers every table that has a tenant_id', async () => {
    const rows: { table_name: string }[] = await dataSource.query(
      `select table_name from information_schema.columns where column_name = 'tenant_id' and ` +
        `table_schema = 'public'`,
    );
    const scoped = [...TENANT_SCOPED_ENTITIES, ...STAYING_ENTITIES].map(tableOf);
    const known = [...scoped, 'export_chunks', 'row_changes', 'tracked_tenants'];
    expect(rows.map((row) => row.table_name).sort()).toEqual(known.sort());
  });
});
