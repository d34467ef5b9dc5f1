import {
  EVERY_DATABASE,
  type PlaneProcess,
  type TestDatabase,
  TestStack,
  createTestDatabase,
} from '@atlas/testing';

jest.setTimeout(60_000);

describe.each(EVERY_DATABASE)('both planes as processes on %s', (driver) => {
  let databases: TestDatabase[];
  let stack: TestStack;
  let plane: PlaneProcess;

  beforeAll(async () => {
    databases = await Promise.all([createTestDatabase(driver), createTestDatabase(driver)]);
    const [controlPlaneDatabase, tenantPlaneDatabase] = databases as [TestDatabase, TestDatabase];
    stack = await TestStack.start({ controlPlaneDatabase });
    const cell = await stack.registerCell();
    plane = await stack.startTenantPlane(cell.install, tenantPlaneDatabase);
    await stack.awaitEnrolled(cell.id);
  });
  afterAll(async () => {
    await stack.stop();
    await Promise.all(databases.map((database) => database.drop()));
  });

  it('provisions a tenant that a user signs in to', async () => {
    const { tenant, session } = await stack.tenantWithAdmin('acme');
    expect(plane.port).toBe(stack.tenantPlanePort);
    expect(session.user).toMatchObject({ email: 'admin@acme.example.com', role: 'admin' });
    const incident = { title: 'Disk is full', severity: 'P2' };
    const created = await stack.tenant(tenant.id, '/api/incidents', {
      body: incident,
      session: session.token,
    });
    expect(created).toMatchObject({
      status: 201,
      body: { ...incident, number: 'INC-00000001', status: 'open' },
    });
    expect(Date.parse(tenant.active_at ?? '') - Date.parse(tenant.created_at)).toBeLessThan(2000);
  });
});
