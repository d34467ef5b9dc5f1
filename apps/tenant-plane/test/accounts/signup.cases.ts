import { randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { currentContext } from '@atlas/platform';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { UsedSignupToken } from '../../src/accounts/used-signup-token.entity';
import { User } from '../../src/credentials/user.entity';
import { TenantDirectory } from '../../src/tenancy/tenant-directory';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { SignupKey, type TokenChanges } from '../signup-key.fixture';
import { type CallOptions, PASSWORD, TestTenantPlane, hostOf } from '../tenant-plane.fixture';

/**
 * A revoked link admits no one, even if it is revoked while it is being used. To see it fail: in
 * `requireGood`, leave out `revoked`; or in `exchangeSignup`, leave out the second call of `requireGood`.
 */
describe.each(EVERY_DATABASE)('the exchange of a sign-up token on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    tenant = await plane.tenant(`tenant-${(count += 1)}`);
  });

  const exchange = (token: string, options: CallOptions = {}, body: object = {}) =>
    plane.post('/api/auth/signup-exchange', { token, password: PASSWORD, ...body }, options);
  const users = (): Promise<User[]> => plane.rows(tenant, User);

  it('creates the first admin and signs them in, without a call to the Control Plane', async () => {
    const token = await plane.signupToken(tenant, { jti: 'the-first' });
    const { body } = await exchange(token, {}, { name: 'Ann' }).expect(201);
    expect(body).toEqual({
      token: expect.stringMatching(`^atu_${tenant.tenant_id}_`),
      refresh_token: expect.stringMatching(`^atr_${tenant.tenant_id}_`),
      device_token: expect.stringMatching(`^atd_${tenant.tenant_id}_`),
      expires_at: new Date(clock.now().getTime() + 12 * 3600_000).toISOString(),
      user: { id: expect.any(String), email: tenant.admin_email, name: 'Ann', role: 'admin' },
    });
    const me = await plane.get('/api/auth/me', { session: body.token }).expect(200);
    expect(me.body).toEqual({ user: body.user });
    const login = { email: tenant.admin_email, password: PASSWORD };
    await plane.post('/api/auth/token', login, { tenant: tenant.slug }).expect(200);
    expect((await plane.rows(tenant, UsedSignupToken)).map(({ jti }) => jti)).toEqual(['the-first']);
    expect(await plane.audit(tenant)).toEqual([
      expect.objectContaining({ action: 'user.signed_in', actorKind: 'user', actorId: body.user.id }),
      expect.objectContaining({ action: 'user.signed_in' }),
    ]);
  });

  it('uses the email address as the name if no name is given', async () => {
    const { body } = await exchange(await plane.signupToken(tenant)).expect(201);
    expect(body.user.name).toBe(tenant.admin_email);
  });

  it('lets the first admin sign in, ignoring the case of the email address', async () => {
    await exchange(await plane.signupToken(tenant, { email: 'Ann@Example.com' })).expect(201);
    const login = { email: 'aNN@example.com', password: PASSWORD };
    await plane.post('/api/auth/token', login, { tenant: tenant.slug }).expect(200);
  });

  it('stores neither password nor tokens in plain text', async () => {
    const { body } = await exchange(await plane.signupToken(tenant)).expect(201);
    const rows = JSON.stringify([await users(), await plane.audit(tenant)]);
    expect(rows).not.toContain(PASSWORD);
    expect(rows).not.toContain(body.token);
  });

  describe('is refused as invalid', () => {
    it.each<[string, TokenChanges]>([
      ['for another tenant plane', { aud: randomUUID() }],
      ['of another type', { typ: 'JWT' }],
      ['that is a lease', { typ: 'atlas-lease+jwt' }],
      ['without an audience', { without: ['aud'] }],
      ['without a tenant', { without: ['sub'] }],
      ['without an id', { without: ['jti'] }],
      ['without an expiry', { without: ['exp'] }],
      ['without an email address', { without: ['email'] }],
    ])('for a token %s', async (_, changes) => {
      const answer = await exchange(await plane.signupToken(tenant, changes)).expect(401);
      expect(answer.body.code).toBe('invalid_signup_token');
      expect(await users()).toEqual([]);
    });

    it('for a token signed with a key not published to this plane', async () => {
      const token = await plane.signupToken(tenant, {}, await SignupKey.create());
      expect((await exchange(token).expect(401)).body.code).toBe('invalid_signup_token');
    });

    it('for a token signed with a key published for another purpose', async () => {
      const leaseKey = await SignupKey.create('lease');
      const { signupKey, identities } = plane;
      await identities.update({ keys: [signupKey.published, leaseKey.published] });
      const token = await plane.signupToken(tenant, {}, leaseKey);
      expect((await exchange(token).expect(401)).body.code).toBe('invalid_signup_token');
      await identities.update({ keys: [signupKey.published] });
    });

    it('for a token that was altered in any part', async () => {
      const parts = (await plane.signupToken(tenant)).split('.');
      const claims = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString());
      const others = Buffer.from(JSON.stringify({ ...claims, email: 'eve@example.com' })).toString(
        'base64url',
      );
      const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'atlas-signup+jwt' })).toString(
        'base64url',
      );
      for (const token of [
        [parts[0], others, parts[2]].join('.'),
        [parts[0], parts[1], `${parts[2]?.startsWith('A') ? 'B' : 'A'}${parts[2]?.slice(1)}`].join('.'),
        [unsigned, parts[1], ''].join('.'),
        `${parts[0]}.${parts[1]}`,
        'no token',
      ]) {
        expect((await exchange(token).expect(401)).body.code).toBe('invalid_signup_token');
      }
      expect(await users()).toEqual([]);
    });

    it('if the plane has not enrolled', async () => {
      const { id, identities } = plane;
      await identities.update({ tenantPlaneId: null });
      const token = await plane.signupToken(tenant);
      expect((await exchange(token).expect(401)).body.code).toBe('invalid_signup_token');
      await identities.update({ tenantPlaneId: id });
    });
  });

  describe("with links listed in the tenant's entry", () => {
    const [jti, later] = ['01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002'];
    const elsewhere = randomUUID();
    /** Applies the tenant's next entry. */
    const tell = async (signup_links: DesiredTenant['signup_links'], changes: Partial<DesiredTenant> = {}) =>
      plane.tenant(tenant.slug, { ...tenant, signup_links, ...changes });
    const NOT_VALID = [401, 'invalid_signup_token'];
    const outcome = async (changes: TokenChanges): Promise<unknown[]> => {
      const { status, body } = await exchange(await plane.signupToken(tenant, changes));
      return [status, body.code];
    };

    it('accepts a link from the previous home only if it was carried over, and only once', async () => {
      await tell({ revoked: [], carried: [jti] });
      const other = await plane.tenant(`other-of-${tenant.slug}`);
      expect(await outcome({ aud: elsewhere, jti, sub: other.tenant_id })).toEqual(NOT_VALID);
      expect(await outcome({ aud: elsewhere, jti: later })).toEqual(NOT_VALID);
      expect(await outcome({ aud: elsewhere, jti, lifetime: -1 })).toEqual([410, 'signup_token_expired']);
      const strange = await plane.signupToken(tenant, { aud: elsewhere, jti }, await SignupKey.create());
      expect((await exchange(strange)).status).toBe(401);
      expect(await outcome({ aud: elsewhere, jti })).toEqual([201, undefined]);
      expect(await outcome({ aud: elsewhere, jti })).toEqual([409, 'already_signed_up']);
    });

    it('refuses a link that was used at the previous home', async () => {
      await tell({ revoked: [], carried: [jti] });
      const used = { tenantId: tenant.tenant_id, jti, usedAt: clock.now() };
      await plane.tenants.write(tenant.tenant_id, (scope) => scope.insert(UsedSignupToken, used));
      expect(await outcome({ aud: elsewhere, jti })).toEqual([409, 'already_signed_up']);
      expect(await users()).toEqual([]);
    });

    it('refuses a revoked link before checking the new password', async () => {
      await tell({ revoked: [jti], carried: [] });
      const token = await plane.signupToken(tenant, { jti });
      const answer = await exchange(token, {}, { password: 'qwerty123456' });
      expect([answer.status, answer.body.code]).toEqual(NOT_VALID);
      expect(answer.body.detail).toContain('Get a new one from whoever runs Atlas for you.');
      expect(await outcome({ jti: later })).toEqual([201, undefined]);
    });

    it('treats every link up to revoked_through as revoked', async () => {
      await tell({
        revoked: [later],
        revoked_through: jti,
        carried: ['00000000-0000-7000-8000-000000000000'],
      });
      for (const revoked of [later, jti, '00000000-0000-7000-8000-000000000000'])
        expect(await outcome({ jti: revoked, aud: revoked < jti ? elsewhere : plane.id })).toEqual(NOT_VALID);
      expect(await outcome({ jti: '01900000-0000-7000-8000-000000000003' })).toEqual([201, undefined]);
    });

    it('refuses a link that is revoked while it is being used', async () => {
      const token = await plane.signupToken(tenant, { jti });
      const write = plane.tenants.write.bind(plane.tenants);
      const revoking = jest.spyOn(plane.tenants, 'write').mockImplementation(async (...given) => {
        // The sealer and the ledger also write, but not for a request.
        if (currentContext()?.ip !== undefined) {
          revoking.mockRestore();
          await tell({ revoked: [jti], carried: [] });
        }
        return write(...given);
      });
      const answer = await exchange(token);
      expect([answer.status, answer.body.code]).toEqual(NOT_VALID);
      expect(await users()).toEqual([]);
    });

    it('tells the caller to retry later if the tenant is still arriving', async () => {
      const id = randomUUID();
      await tell(undefined, { phase: 'importing', transfer: { id, role: 'target' } });
      const which = { id: tenant.tenant_id };
      await plane.app
        .get(Database)
        .write((manager) => manager.update(Tenant, which, { importedTransferId: id }));
      plane.app.get(TenantDirectory).forget();
      expect(await outcome({ aud: elsewhere, jti })).toEqual([503, 'tenant_frozen']);
    });
  });

  it('accepts tokens signed with any published key, whether current or next', async () => {
    const next = await SignupKey.create();
    const { signupKey, identities } = plane;
    await identities.update({ keys: [signupKey.published, next.published] });
    await exchange(await plane.signupToken(tenant, {}, next)).expect(201);
    const another = await plane.tenant(`another-${driver}`);
    await exchange(await plane.signupToken(another)).expect(201);
    await identities.update({ keys: [signupKey.published] });
  });

  it('reports that a token has expired', async () => {
    const token = await plane.signupToken(tenant, { lifetime: -1 });
    expect((await exchange(token).expect(410)).body.code).toBe('signup_token_expired');
    expect(await users()).toEqual([]);
  });

  it('succeeds only once per tenant, even with another token', async () => {
    const token = await plane.signupToken(tenant);
    await exchange(token).expect(201);
    for (const changes of [{}, { email: 'bob@example.com' }]) {
      const another = await plane.signupToken(tenant, changes);
      expect((await exchange(another).expect(409)).body.code).toBe('already_signed_up');
    }
    expect((await exchange(token).expect(409)).body.code).toBe('already_signed_up');
    expect(await users()).toHaveLength(1);
    expect(await plane.rows(tenant, UsedSignupToken)).toHaveLength(1);
  });

  it('is refused if repeated, before the new password is checked', async () => {
    const token = await plane.signupToken(tenant);
    await exchange(token).expect(201);
    for (const spent of [token, await plane.signupToken(tenant)]) {
      const answer = await exchange(spent, {}, { password: 'qwerty123456' });
      expect([answer.status, answer.body.code]).toEqual([409, 'already_signed_up']);
    }
  });

  it('is still refused after the first user is deactivated', async () => {
    await exchange(await plane.signupToken(tenant)).expect(201);
    await plane.tenants.write(tenant.tenant_id, (scope) =>
      scope.update(User, { isFirst: true }, { deactivatedAt: clock.now() }),
    );
    await exchange(await plane.signupToken(tenant, { email: 'bob@example.com' })).expect(409);
  });

  it('admits only one of twenty concurrent attempts', async () => {
    const same = await plane.signupToken(tenant);
    const others = Array.from({ length: 10 }, (_, i) =>
      plane.signupToken(tenant, i % 2 === 0 ? {} : { email: `admin-${i}@example.com` }),
    );
    const tokens = [...Array.from({ length: 10 }, () => same), ...(await Promise.all(others))];
    const answers = await Promise.all(tokens.map((token) => exchange(token)));
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    expect(await users()).toHaveLength(1);
    expect(await plane.audit(tenant, 'user.signed_in')).toHaveLength(1);
  });

  it('requires a host and a header that agree with the token', async () => {
    const other = await plane.tenant(`other-${tenant.slug}`);
    const token = await plane.signupToken(tenant);
    const wrong = [{ host: hostOf(other.slug) }, { tenant: other.tenant_id }, { tenant: 'nobody-here' }];
    for (const options of wrong) {
      expect((await exchange(token, options).expect(404)).body.code).toBe('tenant_not_found');
    }
    await exchange(token, { host: hostOf(tenant.slug), tenant: tenant.tenant_id }).expect(201);
    expect(await plane.rows(other, User)).toEqual([]);
  });

  it('is refused for a tenant that is not served here', async () => {
    const token = await plane.signupToken(tenant);
    await plane.apply({ removed: [tenant.tenant_id] });
    await exchange(token).expect(404);
  });

  it('is refused while the tenant is suspended, and possible again afterwards', async () => {
    const token = await plane.signupToken(tenant);
    await plane.tenant(tenant.slug, { ...tenant, status: 'suspended' });
    expect((await exchange(token).expect(403)).body.code).toBe('tenant_suspended');
    await plane.tenant(tenant.slug, tenant);
    await exchange(token).expect(201);
  });

  it.each([
    ['a password that is too short', { password: 'eleven char' }],
    ['a password that is too long', { password: 'x'.repeat(201) }],
    ['a missing password', { password: undefined }],
    ['an empty name', { name: '' }],
    ['an unknown field', { role: 'admin' }],
  ])('refuses %s without consuming the token', async (_, body) => {
    const token = await plane.signupToken(tenant);
    expect((await exchange(token, {}, body).expect(400)).body.code).toBe('validation_failed');
    await exchange(token).expect(201);
  });
});
