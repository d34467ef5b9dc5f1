import { EVERY_DATABASE } from '@atlas/testing';
import { ApiKey } from '../../src/accounts/api-key.entity';
import { OperatorSession } from '../../src/accounts/operator-session.entity';
import { Operator } from '../../src/accounts/operator.entity';
import { PASSWORD, TestControlPlane, provisionBody } from '../control-plane.fixture';
import { refusal } from '../plane-simulator.fixture';

const ANN = 'ann@example.com';

describe.each(EVERY_DATABASE)('operators on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    await plane.enrolledCell();
    await plane.createOperator(ANN, 'admin');
    await plane.createOperator('sue@example.com', 'support');
  });
  afterAll(() => plane.close());

  const signIn = (email: string, password: string) =>
    plane.post('/api/auth/login', { email, password }, { token: null });
  const me = (token: string | null) => plane.get('/api/auth/me', { token });
  const newKey = (body: object, token = plane.session) =>
    plane.post('/api/api-keys', { name: 'k', scopes: ['tenants:read'], ...body }, { token });

  describe('when signing in', () => {
    it('may write the email address in upper or lower case', async () => {
      const answer = await signIn('Ann@Example.com', PASSWORD);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        token: expect.stringMatching(/^aos_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/),
        expires_at: new Date(plane.clock.now().getTime() + 12 * 3_600_000).toISOString(),
        operator: { id: expect.any(String), email: ANN, name: ANN, role: 'admin' },
        device_token: expect.stringMatching(/^aod_/),
      });
      expect((await me(answer.body.token)).body).toEqual(answer.body.operator);
      const [session] = await plane.rows(OperatorSession, { id: answer.body.token.split('_')[1] });
      expect(JSON.stringify(session)).not.toContain(answer.body.token);
    });

    it('get the same response for a wrong password and for an unknown address', async () => {
      const [wrong, unknown] = [
        await signIn(ANN, 'not the password'),
        await signIn('nobody@example.com', PASSWORD),
      ];
      expect(refusal(wrong)).toEqual([401, 'invalid_credentials']);
      expect({ ...unknown.body, trace_id: '' }).toEqual({ ...wrong.body, trace_id: '' });
      expect(unknown.status).toBe(wrong.status);
    });

    it('are refused once disabled, and their session and API key stop working', async () => {
      await plane.createOperator('gone@example.com', 'admin');
      const session = await plane.login('gone@example.com');
      const key = (await newKey({}, session)).body.key;
      expect([(await me(session)).status, (await plane.get('/api/tenants', { token: key })).status]).toEqual([
        200, 200,
      ]);
      await plane.change(Operator, { email: 'gone@example.com' }, { disabledAt: plane.clock.now() });
      expect(refusal(await signIn('gone@example.com', PASSWORD))).toEqual([401, 'invalid_credentials']);
      expect([(await me(session)).status, (await plane.get('/api/tenants', { token: key })).status]).toEqual([
        401, 401,
      ]);
    });

    it('get a session that lasts until they sign out', async () => {
      const [session, other] = [await plane.login(ANN), await plane.login(ANN)];
      expect((await plane.post('/api/auth/logout', undefined, { token: session })).status).toBe(204);
      expect(refusal(await me(session))).toEqual([401, 'unauthenticated']);
      expect((await me(other)).status).toBe(200);
    });

    it('cannot sign out with an API key; the refusal says how to revoke the key', async () => {
      const answer = await plane.post('/api/auth/logout', undefined, { token: plane.apiKey });
      expect(refusal(answer)).toEqual([403, 'forbidden']);
      expect(answer.body.detail).toContain(`DELETE /api/api-keys/${plane.apiKey.split('_')[1]}`);
    });
  });

  it.each([null, '', 'x', 'aos_000000000000_0000000000000000000000000000000000000000000000000'])(
    'are not authenticated by the token %s',
    async (token) => expect(refusal(await me(token))).toEqual([401, 'unauthenticated']),
  );

  it('lose a session after 12 hours, or after an hour of inactivity', async () => {
    const [busy, idle, key] = [await plane.login(ANN), await plane.login(ANN), plane.apiKey];
    plane.clock.advance(3599);
    expect([(await me(busy)).status, (await me(idle)).status]).toEqual([200, 200]);
    plane.clock.advance(3599);
    expect((await me(busy)).status).toBe(200);
    plane.clock.advance(1);
    expect([(await me(busy)).status, refusal(await me(idle))]).toEqual([200, [401, 'unauthenticated']]);
    for (let hours = 2; hours < 12; hours += 0.5) {
      expect((await me(busy)).status).toBe(200);
      plane.clock.advance(1800);
    }
    expect((await me(busy)).status).toBe(200);
    plane.clock.advance(1);
    expect((await me(busy)).status).toBe(401);
    expect((await me(key)).status).toBe(200);
    plane.session = await plane.login('owner@example.com');
  });

  describe('an API key', () => {
    it('is shown once and stored hashed', async () => {
      const { status, body } = await newKey({ name: 'ci', scopes: ['tenants:read', 'jobs:read'] });
      expect(status).toBe(201);
      expect(body).toEqual({
        id: body.key.split('_')[1],
        name: 'ci',
        scopes: ['tenants:read', 'jobs:read'],
        expires_at: expect.any(String),
        key: expect.stringMatching(/^aok_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/),
      });
      expect(JSON.stringify(await plane.rows(ApiKey, { id: body.id }))).not.toContain(body.key);
    });

    it('allows only what its scopes permit', async () => {
      const token = await plane.createApiKey(['tenants:read']);
      expect((await plane.get('/api/tenants', { token })).status).toBe(200);
      expect(refusal(await plane.get('/api/provisioning-jobs', { token }))).toEqual([403, 'forbidden']);
      expect(refusal(await plane.provision({}, { token }))).toEqual([403, 'forbidden']);
      expect(refusal(await plane.get('/api/tenant-planes', { token }))).toEqual([403, 'forbidden']);
    });

    it('cannot create a key with more scopes than its own', async () => {
      const token = await plane.createApiKey(['api_keys:write', 'tenants:read']);
      for (const scope of ['operators:write', 'secrets:read', 'tenants:provision']) {
        expect(refusal(await newKey({ scopes: ['tenants:read', scope] }, token))).toEqual([403, 'forbidden']);
      }
      expect((await newKey({ scopes: ['tenants:read'] }, token)).status).toBe(201);
    });

    it('cannot be created with a NUL character in its name', async () => {
      expect(refusal(await newKey({ name: 'a\u0000b' }))).toEqual([400, 'validation_failed']);
    });

    it('expires', async () => {
      const token = (await newKey({ ttl_seconds: 60 })).body.key;
      plane.clock.advance(59);
      expect((await plane.get('/api/tenants', { token })).status).toBe(200);
      plane.clock.advance(1);
      expect(refusal(await plane.get('/api/tenants', { token }))).toEqual([401, 'unauthenticated']);
    });

    it('can be revoked only once', async () => {
      const { id, key: token } = (await newKey({})).body;
      expect((await plane.delete(`/api/api-keys/${id}`)).status).toBe(204);
      expect(refusal(await plane.get('/api/tenants', { token }))).toEqual([401, 'unauthenticated']);
      expect(refusal(await plane.delete(`/api/api-keys/${id}`))).toEqual([404, 'not_found']);
    });

    it.each([
      [{ scopes: [] }, 'scopes'],
      [{ scopes: ['everything'] }, 'scopes'],
      [{ scopes: Array(50).fill('tenants:read') }, 'scopes'],
      [{ scopes: 'tenants:read' }, 'scopes'],
      [{ name: '' }, 'name'],
      [{ ttl_seconds: 59 }, 'ttl_seconds'],
      [{ ttl_seconds: 365 * 24 * 3600 + 1 }, 'ttl_seconds'],
    ])('cannot be created with %j', async (body, field) => {
      const answer = await newKey(body);
      expect(refusal(answer)).toEqual([400, 'validation_failed']);
      expect(answer.body.errors[0].field).toBe(field);
    });

    it('loses the permissions that its operator loses', async () => {
      await plane.createOperator('demoted@example.com', 'admin');
      const token = await plane.createApiKey(['tenants:provision'], await plane.login('demoted@example.com'));
      expect((await plane.provision({}, { token })).status).toBe(202);
      await plane.change(Operator, { email: 'demoted@example.com' }, { role: 'support' });
      expect(refusal(await plane.provision({}, { token }))).toEqual([403, 'forbidden']);
    });
  });

  describe('authorisation', () => {
    const newOperator = (token: string, role = 'support') => {
      const email = `${role}-${Math.random().toString(36).slice(2)}@example.com`;
      return plane.post('/api/operators', { email, role, password: PASSWORD }, { token });
    };

    it('lets support operators read everything but change nothing', async () => {
      const token = await plane.login('sue@example.com');
      for (const path of ['tenants', 'provisioning-jobs', 'tenant-planes', 'audit', 'operators']) {
        expect((await plane.get(`/api/${path}`, { token })).status).toBe(200);
      }
      const id = '01900000-0000-7000-8000-000000000000';
      const cell = { name: 'c', region: 'eu', capacity: 1 };
      for (const [path, body] of [
        ['tenants/provision', provisionBody()],
        ['tenants/provision?dry_run=true', provisionBody()],
        [`tenants/${id}/signup-link`],
        [`provisioning-jobs/${id}/retry`],
        [`provisioning-jobs/${id}/cancel`],
        [`provisioning-jobs/${id}/rollback`],
        ['tenant-planes', cell],
        [`tenant-planes/${id}/provisioning-tokens`],
        ['api-keys', { name: 'k', scopes: ['tenants:read'] }],
        ['operators', { email: 'new@example.com', role: 'support', password: PASSWORD }],
      ] as const) {
        expect(refusal(await plane.post(`/api/${path}`, body, { token }))).toEqual([403, 'forbidden']);
      }
      expect((await plane.delete('/api/api-keys/000000000000', { token })).status).toBe(403);
    });

    it('lets an admin provision tenants, but not create operators', async () => {
      const token = await plane.login(ANN);
      expect((await plane.provision({}, { token })).status).toBe(202);
      expect(refusal(await newOperator(token))).toEqual([403, 'forbidden']);
    });

    it('lets an owner create operators, but only one per email address', async () => {
      const body = { email: 'New@Example.com', role: 'support', password: PASSWORD };
      const answer = await plane.post('/api/operators', body, { token: plane.session });
      expect([answer.status, answer.body.email]).toEqual([201, 'new@example.com']);
      expect(answer.text).not.toContain(PASSWORD);
      expect(answer.text).not.toContain('argon2');
      const again = await plane.post('/api/operators', { ...body, email: 'new@example.com' });
      expect(refusal(again)).toEqual([409, 'email_taken']);
    });

    it('refuses a new operator with a short password or an unknown role', async () => {
      for (const wrong of [{ password: 'short' }, { role: 'root' }, { email: 'nobody' }]) {
        const body = { email: 'x@example.com', role: 'support', password: PASSWORD, ...wrong };
        expect(refusal(await plane.post('/api/operators', body))).toEqual([400, 'validation_failed']);
      }
    });

    it('does not let an admin give a key scopes that the admin lacks', async () => {
      const token = await plane.login(ANN);
      for (const scope of ['operators:write', 'secrets:read', 'secrets:write']) {
        expect(refusal(await newKey({ scopes: ['tenants:read', scope] }, token))).toEqual([403, 'forbidden']);
      }
      const { body } = await newKey({ scopes: ['secrets:write'] }, token);
      expect(body.detail).toMatch(/do not have: secrets:write\. .*owner with a session/);
      expect((await newKey({ scopes: ['secrets:read'] })).status).toBe(201);
    });
  });
});
