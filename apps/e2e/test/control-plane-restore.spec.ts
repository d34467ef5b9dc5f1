import { promisify } from 'node:util';
import { PLANE_PATHS } from '@atlas/plane-contract';
import {
  EVERY_DATABASE,
  type TestDatabase,
  TestStack,
  asAdmin,
  copyTestDatabase,
  createTestDatabase,
  eventually,
} from '@atlas/testing';
import { Database } from 'sqlite3';
import { CuttingFront } from './cutting-front.fixture';

jest.setTimeout(90_000);

const UNREPORTED = `select t.slug from placements p join tenants t on t.id = p.tenant_id
  where p.reported_revision < p.entry_revision order by t.slug`;

describe.each(EVERY_DATABASE)('a Control Plane restored from a backup, on %s', (driver) => {
  let front: CuttingFront;
  let stack: TestStack;
  const databases: TestDatabase[] = [];
  beforeAll(async () => {
    front = await CuttingFront.start();
    databases.push(...(await Promise.all([createTestDatabase(driver), createTestDatabase(driver)])));
  });
  afterAll(async () => {
    await stack.stop();
    await front.stop();
    for (const database of databases) await database.drop();
  });

  it('ignores reports about the lost state, and brings its tenant plane to the restored state', async () => {
    const [controlPlane, tenantPlane] = databases as [TestDatabase, TestDatabase];
    const controlPlaneEnv = { CONTROL_PLANE_PUBLIC_URL: front.url };
    stack = await TestStack.start({ controlPlaneDatabase: controlPlane, controlPlaneEnv });
    front.target = stack.controlPlane.url;
    const cell = await stack.registerCell();
    await stack.startTenantPlane(cell.install, tenantPlane);
    await stack.awaitEnrolled(cell.id);
    const { tenant, session } = await stack.tenantWithAdmin('before');
    await stack.awaitActive((await stack.provision('same')).body.tenant.id, 30_000);
    await stack.controlPlane.end('SIGTERM');
    const backup = await copyTestDatabase(controlPlane);
    databases.push(backup);

    await stack.startControlPlane();
    front.cuts = [PLANE_PATHS.report];
    await stack.api(`/api/tenants/${tenant.id}`, { method: 'PATCH', body: { plan: 'enterprise' } });
    await stack.provision('between');
    await eventually(() => isServed('between'), { timeoutMs: 30_000, what: 'the plane has applied it' });
    await stack.controlPlane.end('SIGKILL');

    await run(backup, 'delete from control_plane_state');
    front.cuts = [PLANE_PATHS.report, PLANE_PATHS.desiredState];
    await stack.startControlPlane({
      CONTROL_PLANE_DATABASE_URL: backup.url,
      CONTROL_PLANE_MIGRATION_DATABASE_URL: backup.ownerUrl,
    });
    const suspension = { method: 'POST', body: { reason: 'unpaid' } };
    const { body } = await stack.api<{ job: { id: string } }>(
      `/api/tenants/${tenant.id}/suspend`,
      suspension,
    );
    const isJob = async (status: string): Promise<boolean> =>
      (await stack.api(`/api/provisioning-jobs/${body.job.id}`)).body['status'] === status;
    await eventually(() => isJob('waiting'), { what: 'the suspension is published' });

    front.accepted.splice(0);
    front.cuts = [PLANE_PATHS.desiredState];
    const isHeard = (): boolean => front.accepted.includes(PLANE_PATHS.report);
    await eventually(isHeard, { timeoutMs: 45_000, what: 'a report gets through' });
    expect(await run(backup, UNREPORTED)).toEqual([{ slug: 'before' }, { slug: 'same' }]);

    front.cuts = [];
    await eventually(() => isJob('succeeded'), { timeoutMs: 30_000, what: 'the suspension is reported' });
    expect(await run(backup, UNREPORTED)).toEqual([]);
    const incident = { title: 'x', severity: 'P2' };
    const written = await stack.tenant('before', '/api/incidents', {
      session: session.token,
      body: incident,
    });
    expect(written.status).toBe(403);
    await stack.awaitActive((await stack.provision('after')).body.tenant.id, 30_000);
    expect(await Promise.all(['between', 'after'].map(isServed))).toEqual([false, true]);
  });

  const isServed = async (slug: string): Promise<boolean> =>
    (await stack.tenant(slug, '/api/tenant-default')).status === 200;
});

/** Runs SQL directly on the database, as an administrator would. */
async function run({ driver, url, ownerUrl = '' }: TestDatabase, sql: string): Promise<unknown[]> {
  if (driver === 'postgres') return asAdmin(ownerUrl, async (client) => (await client.query(sql)).rows);
  const database = new Database(url);
  try {
    return await promisify<string, unknown[]>(database.all.bind(database))(sql);
  } finally {
    await promisify(database.close.bind(database))();
  }
}
