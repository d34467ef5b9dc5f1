import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import { type CallOptions, PASSWORD, TestTenantPlane } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('values that cannot be stored, on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let path: string;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    ({ admin } = await plane.tenantWithAdmin('acme'));
    tenant = await plane.tenant('globex');
    const { body } = await plane.post('/api/incidents', { title: 'x', severity: 'P1' }, admin);
    path = `/api/incidents/${body.id}`;
  });
  afterAll(() => plane.close());

  it.each([
    { title: null },
    { severity: null },
    { status: null },
    { title: 'a\u0000b' },
    { title: '\ud800' },
  ])('are refused when an incident is changed: %j', async (changes) => {
    expect((await plane.patch(path, changes, admin).expect(400)).body.code).toBe('validation_failed');
  });

  it.each([{ title: 'a\u0000b' }, { description: 'a\u0000b' }])(
    'are refused when an incident is created: %j',
    async (changes) => {
      const body = { title: 'x', severity: 'P1', ...changes };
      expect((await plane.post('/api/incidents', body, admin).expect(400)).body.code).toBe(
        'validation_failed',
      );
    },
  );

  it.each([
    { attributes: null },
    { attributes: { note: 'a\u0000b' } },
    { attributes: { 'a\u0000b': 1 } },
    { name: 'a\u0000b' },
    { type: 'a\u0000b' },
  ])('are refused for a configuration item: %j', async (changes) => {
    const body = { name: 'web-1', type: 'server', ...changes };
    expect((await plane.post('/api/cmdb/items', body, admin).expect(400)).body.code).toBe(
      'validation_failed',
    );
  });

  it.each(['toString', 'valueOf', 'hasOwnProperty', 'constructor', '__proto__'])(
    'are refused as the name of an attribute at any depth: %s',
    async (name) => {
      const named: unknown = JSON.parse(`{"${name}": "x"}`);
      for (const [field, attributes] of [
        [`attributes.${name}`, named],
        [`attributes.disks.1.${name}`, { disks: [{}, named] }],
      ]) {
        const body = { name: 'web-1', type: 'server', attributes };
        const answer = await plane.post('/api/cmdb/items', body, admin);
        expect([answer.status, answer.body.errors]).toEqual([
          400,
          [{ field, message: `${name} is a reserved property name: choose another` }],
        ]);
      }
    },
  );

  it('are refused in a query and in a path', async () => {
    await plane.get('/api/cmdb/items?type=%00', admin).expect(400);
    await plane.post('/api/onboarding/steps/%00/skip', { reason: 'None' }, admin).expect(400);
  });

  it.each([null, 'a\u0000b'])("are refused as a user's name: %j", async (name) => {
    const token = await plane.signupToken(tenant);
    await plane.post('/api/auth/signup-exchange', { token, password: PASSWORD, name }).expect(400);
  });
});
