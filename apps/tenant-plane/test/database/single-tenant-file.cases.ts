import { Database, singleTenantProblems, tenantOfFile } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EnvironmentError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Logger } from '@nestjs/common';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { TENANT_SCOPED_ENTITIES } from '../../src/schema/tenant-plane-schema';
import { SingleTenantFile } from '../../src/tenancy/single-tenant-file';
import { fillEveryTable } from '../rows.fixture';
import { type Env, TestTenantPlane, createApp, environmentFor } from '../tenant-plane.fixture';

const TABLES = TENANT_SCOPED_ENTITIES.map((entity) => [entity.name, entity] as const);
const OF_THE_PLANE = ['row_changes', 'tracked_tenants'];
const FIXED: Env = { ATLAS_TP_DEPLOYMENT: 'on_prem' };
const SHARED: Env = { ATLAS_TP_DEPLOYMENT: 'shared' };

/**
 * Once the file has its first tenant, triggers on every table with a `tenant_id` refuse rows of other
 * tenants. Each start restores missing triggers and logs a message, and fails if a table is still
 * unprotected. The file accepts another tenant only after all rows of the first are removed. A shared plane
 * never accepts the file. To see it fail: in `triggersFor`, leave out `update`; or in
 * `DesiredStateApplier.applyOne`, leave out `fixTo`.
 */
describe('the SQLite file of a single-tenant plane', () => {
  let plane: TestTenantPlane;
  let acme: DesiredTenant;
  const stranger = uuidv7();

  beforeAll(async () => {
    plane = await TestTenantPlane.boot('sqlite', { env: FIXED });
    acme = await plane.tenant('acme');
    await fillEveryTable(plane, acme);
  });
  afterAll(() => plane.close());

  const query = <T>(sql: string, parameters: unknown[] = []): Promise<T[]> =>
    plane.app.get(Database).write((manager) => manager.query<T[]>(sql, parameters));
  const fixedTo = (): Promise<string | null> => plane.app.get(Database).read(tenantOfFile);
  const tableOf = (entity: (typeof TENANT_SCOPED_ENTITIES)[number]): string =>
    plane.app.get(Database).dataSource.getMetadata(entity).tableName;
  /** Starts the plane again on the same file, and returns why it refused to start. */
  const startAgain = async (env: Env): Promise<unknown> => {
    await plane.app.close();
    const app = await createApp({ ...environmentFor(plane.database), ...env });
    const refusal = await app.init().then(
      () => undefined,
      (error: unknown) => error,
    );
    await app.close();
    plane = await TestTenantPlane.open(plane.database, { env: FIXED });
    return refusal;
  };

  it.each(TABLES)('accepts no row of another tenant in the table of %s', async (_, entity) => {
    const table = tableOf(entity);
    const columns = await query<{ name: string }>(`select name from pragma_table_info('${table}')`);
    const names = columns.map(({ name }) => name).join(', ');
    const values = columns.map(({ name }) => (name === 'tenant_id' ? '$1' : name)).join(', ');
    const planted = query(`insert into ${table} (${names}) select ${values} from ${table} limit 1`, [
      stranger,
    ]);
    await expect(planted).rejects.toThrow('foreign_tenant');
    // Audit rows also have an append-only trigger, and either trigger may fire first.
    const given = query(`update ${table} set tenant_id = $1`, [stranger]);
    await expect(given).rejects.toThrow(
      entity === AuditEvent ? /foreign_tenant|audit_append_only/ : 'foreign_tenant',
    );
  });

  it.each(OF_THE_PLANE)('rejects rows of another tenant in %s', async (table) => {
    const values = table === 'row_changes' ? `(1, $1, 'incidents', '[]')` : '($1, false)';
    await expect(query(`insert into ${table} values ${values}`, [stranger])).rejects.toThrow(
      'foreign_tenant',
    );
  });

  it('refuses a second tenant while it contains the first, and the plane logs why', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    await plane.tenant('globex', { tenant_id: stranger });
    expect(String(error.mock.calls[0]?.[0])).toContain('SQLite file belongs to tenant acme alone');
    await plane.apply({ full: true });
    await plane.tenant('globex', { tenant_id: stranger });
    expect(String(error.mock.calls[1]?.[0])).toContain('still contains rows of another tenant');
    error.mockRestore();
    expect(await fixedTo()).toBe(acme.tenant_id);
    await plane.apply({ tenants: [acme] });
  });

  it('still belongs to its tenant after a restart, which also restores dropped triggers', async () => {
    await query('drop trigger only_tenant_incidents_insert');
    const problems = () =>
      plane.app.get(Database).read((manager) => singleTenantProblems(manager, acme.tenant_id));
    expect(await problems()).toEqual([
      'table incidents: trigger only_tenant_incidents_insert is missing or different',
    ]);
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    expect(await startAgain(FIXED)).toBeUndefined();
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/did not refuse other tenants' rows.*: incidents/),
    );
    warn.mockRestore();
    expect(await problems()).toEqual([]);
  });

  it('keeps the plane from starting while a table is unprotected', async () => {
    jest.spyOn(SingleTenantFile.prototype, 'fixTo').mockResolvedValueOnce();
    await query('drop trigger only_tenant_sessions_update');
    const refusal = await startAgain(FIXED);
    expect(refusal).toBeInstanceOf(EnvironmentError);
    expect(String(refusal)).toContain('table sessions: trigger only_tenant_sessions_update is missing');
  });

  it('is refused by a shared plane', async () => {
    const refusal = await startAgain(SHARED);
    expect(refusal).toBeInstanceOf(EnvironmentError);
    expect(String(refusal)).toContain(`belongs to tenant ${acme.tenant_id} alone`);
  });

  it('accepts another tenant once all rows of the first are removed', async () => {
    await plane.apply({ tenants: [{ ...acme, phase: 'retired', purge: { job_id: uuidv7() } }] });
    await plane.tenant('globex', { tenant_id: stranger });
    expect(await fixedTo()).toBe(stranger);
    await plane.user({ ...acme, tenant_id: stranger }, 'admin');
    await expect(plane.user(acme, 'admin')).rejects.toThrow('foreign_tenant');
  });
});

describe('the SQLite file of a shared plane', () => {
  it('is tied to no tenant, and with several tenants is refused by a single-tenant plane', async () => {
    const plane = await TestTenantPlane.boot('sqlite', { env: SHARED });
    for (const slug of ['acme', 'globex']) await plane.user(await plane.tenant(slug), 'admin');
    expect(await plane.app.get(Database).read(tenantOfFile)).toBeNull();
    await plane.app.close();
    const app = await createApp({ ...environmentFor(plane.database), ...FIXED });
    await expect(app.init()).rejects.toThrow('contains 2 tenants (acme, globex)');
    await app.close();
    await plane.database.drop();
  });
});
