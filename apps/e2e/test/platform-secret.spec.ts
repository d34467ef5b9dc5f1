import { type TestDatabase, TestStack, createTestDatabase } from '@atlas/testing';

jest.setTimeout(60_000);
const PLATFORM_SECRET = 'one secret for the cells that Atlas runs itself';

describe('a shared cell that uses the platform secret', () => {
  let databases: [TestDatabase, TestDatabase];
  let stack: TestStack;
  beforeAll(async () => {
    databases = [await createTestDatabase('sqlite'), await createTestDatabase('sqlite')];
    const controlPlaneEnv = { INTERNAL_SERVICE_SECRET: PLATFORM_SECRET };
    stack = await TestStack.start({ controlPlaneDatabase: databases[0], controlPlaneEnv });
  });
  afterAll(async () => {
    await stack.stop();
    await Promise.all(databases.map((database) => database.drop()));
  });

  it('is refused with a wrong secret, logs the variable to fix, and enrols once it is fixed', async () => {
    const cell = await stack.registerCell({ secret: 'platform' });
    expect(cell.install.env['INTERNAL_SERVICE_SECRET']).toBe(PLATFORM_SECRET);
    const wrong = { INTERNAL_SERVICE_SECRET: 'a secret that is long enough, but another one' };
    const refused = await stack.startTenantPlane(cell.install, databases[1], wrong);
    expect(await refused.line(/bad_signature/)).toContain('INTERNAL_SERVICE_SECRET');
    await stack.endTenantPlane(refused);
    await stack.startTenantPlane(cell.install, databases[1]);
    await stack.awaitEnrolled(cell.id);
    await stack.tenantWithAdmin('platform-tenant');
  });
});
