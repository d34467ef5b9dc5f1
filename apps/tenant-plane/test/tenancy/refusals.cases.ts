import { EnvironmentError, parseEnvironment } from '@atlas/platform';
import { type TestDatabase, createTestDatabase, eventually } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { Link } from '../linked-plane.fixture';
import { type Env, TestTenantPlane, createApp, environmentFor, tenantEntry } from '../tenant-plane.fixture';

describe('the address of the Control Plane', () => {
  it.each(['http://127.example.com', 'http://127.0.0.1.example.com', 'HTTP://cp.example.com'])(
    'may not be %s',
    (url) => {
      const env = { CONTROL_PLANE_BASE_URL: url, INTERNAL_SERVICE_SECRET: 'x'.repeat(32) };
      expect(() => parseEnvironment(TenantPlaneConfig, env)).toThrow(EnvironmentError);
    },
  );
});

describe('a shared plane on Postgres', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase('postgres');
  });
  afterEach(() => database.drop());

  it.each<[string, Env]>([
    ['no migration URL', { TENANT_PLANE_MIGRATION_DATABASE_URL: undefined }],
    ['a SQLite file as migration URL', { TENANT_PLANE_MIGRATION_DATABASE_URL: '/tmp/never-made.db' }],
    [
      'a SQLite file as database URL and a Postgres migration URL',
      { TENANT_PLANE_DATABASE_URL: '/tmp/never-made.db' },
    ],
  ])('refuses to start with %s, and names the variable to correct', async (_, env) => {
    const started = createApp({ ...environmentFor(database), ...env }).then((app) => app.close());
    await expect(started).rejects.toThrow('TENANT_PLANE_MIGRATION_DATABASE_URL');
  });
});

describe('a request body', () => {
  it('is refused with 400 if it is nested too deeply', async () => {
    const plane = await TestTenantPlane.boot('sqlite');
    const { admin } = await plane.tenantWithAdmin('acme');
    const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
    const body = `{"name":"web-1","type":"server","attributes":${deep}}`;
    for (const headers of [undefined, { 'idempotency-key': 'deep' }]) {
      const asked = plane
        .post('/api/cmdb/items', undefined, { ...admin, headers })
        .type('json')
        .send(body);
      expect((await asked.expect(400)).text).toContain('nested too deep');
    }
    await plane.close();
  });
});

describe('an entry that cannot be applied', () => {
  it('is requested again at increasing intervals', async () => {
    const link = await Link.create('sqlite');
    link.control.wanted.put({ ...tenantEntry('broken'), name: null as unknown as string });
    await link.startPlane();
    const { pulls } = link.control;
    await eventually(() => pulls.length >= 4, { what: 'the plane has pulled four times' });
    expect((pulls[3]?.at ?? 0) - (pulls[2]?.at ?? 0)).toBeGreaterThanOrEqual(710);
    await link.close();
  });
});

describe('the title of an incident', () => {
  it('is trimmed when it is changed', async () => {
    const plane = await TestTenantPlane.boot('sqlite');
    const { admin } = await plane.tenantWithAdmin('acme');
    const { body } = await plane.post('/api/incidents', { title: 'x', severity: 'P1' }, admin);
    const changed = await plane.patch(`/api/incidents/${body.id}`, { title: '  y  ' }, admin).expect(200);
    expect(changed.body.title).toBe('y');
    await plane.close();
  });
});
