import { type OperatorRole } from '@atlas/operator-api';
import { EVERY_DATABASE } from '@atlas/testing';
import { ApiKey } from '../../src/accounts/api-key.entity';
import { OperatorResetLink } from '../../src/accounts/operator-reset-link.entity';
import { OperatorSessions } from '../../src/accounts/operator-sessions';
import { Operator } from '../../src/accounts/operator.entity';
import { PASSWORD, TestControlPlane } from '../control-plane.fixture';
import { PUBLIC_URL, refusal } from '../plane-simulator.fixture';

const NEW_PASSWORD = 'another horse another staple';

/**
 * There is always an active owner. Demoted operators are signed out. A disabled operator's keys and links
 * stay revoked, even if the operator is enabled again.
 *
 * To see it fail: in `lockOperators`, take no lock; in `Operators.change`, leave out `endSessions`; in
 * `Operators.endEverything`, leave out `ApiKey`; in `OperatorPasswords.reset`, leave out `endedAt` or
 * `expiresAt`; have `isIdle` always return false; or in `lockSigningIn`, leave out `endOne`.
 */
const HOST = 'console.localhost:4100';

describe.each(EVERY_DATABASE)('operator management on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
  });
  afterAll(() => plane.close());

  let made = 0;
  /** Creates an operator and signs them in. */
  const operator = async (role: OperatorRole) => {
    const email = `${role}-${(made += 1)}@example.com`;
    await plane.createOperator(email, role);
    const [{ id = '' } = {}] = await plane.rows(Operator, { email });
    return { id, email, session: await plane.login(email) };
  };
  const change = (id: string, body: object, token = plane.session) =>
    plane.patch(`/api/operators/${id}`, body, { token });
  const statusOf = async (token: string) => (await plane.get('/api/auth/me', { token })).status;
  const signIn = (email: string, password: string) =>
    plane.post('/api/auth/login', { email, password }, { token: null });
  const newest = async () => (await plane.get('/api/audit?limit=1')).body.items[0];
  const ownerId = async () => (await plane.get('/api/auth/me', { token: plane.session })).body.id;

  it('lists operators in pages, newest first, with their roles and sign-in methods', async () => {
    const [first, second] = [await operator('support'), await operator('admin')];
    const page = (await plane.get('/api/operators?limit=1')).body;
    expect(page).toEqual({
      items: [
        {
          id: second.id,
          email: second.email,
          name: second.email,
          role: 'admin',
          created_at: plane.clock.now().toISOString(),
          disabled_at: null,
          has_password: true,
          single_sign_on: null,
        },
      ],
      next_cursor: second.id,
    });
    const next = (await plane.get(`/api/operators?limit=1&cursor=${page.next_cursor}`)).body;
    expect(next.items.map(({ id }: { id: string }) => id)).toEqual([first.id]);
    expect((await plane.get(`/api/operators/${first.id}`)).body).toEqual(next.items[0]);
    expect(JSON.stringify(page)).not.toContain('argon2');
    const unknown = await plane.get('/api/operators/01900000-0000-7000-8000-000000000000');
    expect(refusal(unknown)).toEqual([404, 'not_found']);
  });

  it("changes an operator's name and role, and records the previous values", async () => {
    const { id, session } = await operator('support');
    const { status, body } = await change(id, { name: 'Sue', role: 'admin' });
    expect([status, body.name, body.role]).toEqual([200, 'Sue', 'admin']);
    expect(await statusOf(session)).toBe(200);
    expect(await newest()).toMatchObject({
      action: 'operator.changed',
      target: { kind: 'operator', id },
      before: { role: 'support' },
      after: { name: 'Sue', role: 'admin' },
    });
    const { id: entry } = await newest();
    await change(id, { name: 'Sue', role: 'admin', disabled: false }).expect(200);
    expect((await newest()).id).toBe(entry);
    expect(refusal(await change(id, { role: 'root' }))).toEqual([400, 'validation_failed']);
    expect(refusal(await change(id, { email: 'x@example.com' }))).toEqual([400, 'validation_failed']);
  });

  it('revokes the sessions and restricts the keys of a demoted operator', async () => {
    const { id, email, session } = await operator('admin');
    const key = await plane.createApiKey(['tenants:read', 'tenants:write'], session);
    await change(id, { role: 'support' }).expect(200);
    expect(await statusOf(session)).toBe(401);
    expect((await plane.get('/api/tenants', { token: key })).status).toBe(200);
    const write = plane.patch('/api/tenants/01900000-0000-7000-8000-000000000000', {}, { token: key });
    expect(refusal(await write)).toEqual([403, 'forbidden']);
    expect(await statusOf(await plane.login(email))).toBe(200);
  });

  it('permanently revokes all access of a disabled operator', async () => {
    const { id, email, session } = await operator('admin');
    const key = await plane.createApiKey(['tenants:read'], session);
    const { body: link } = await plane.post(`/api/operators/${id}/reset-link`).expect(201);
    expect((await change(id, { disabled: true })).body.disabled_at).toBe(plane.clock.now().toISOString());
    const gone = async () => [await statusOf(session), await statusOf(key)];
    expect(await gone()).toEqual([401, 401]);
    expect(refusal(await signIn(email, PASSWORD))).toEqual([401, 'invalid_credentials']);
    expect(refusal(await plane.post(`/api/operators/${id}/reset-link`))).toEqual([409, 'operator_disabled']);
    await change(id, { disabled: false }).expect(200);
    expect(await gone()).toEqual([401, 401]);
    const reset = { token: link.token, password: NEW_PASSWORD };
    expect(refusal(await plane.post('/api/auth/reset-password', reset))).toEqual([410, 'invalid_reset_link']);
    expect((await signIn(email, PASSWORD)).status).toBe(200);
  });

  it('never removes the last owner, and lets no one change their own role', async () => {
    const id = await ownerId();
    for (const body of [{ role: 'admin' }, { disabled: true }, { role: 'support', name: 'x' }])
      for (const token of [plane.session, plane.apiKey])
        expect(refusal(await change(id, body, token))).toEqual([409, 'last_owner']);
    await change(id, { name: 'The owner' }).expect(200);
    const second = await operator('owner');
    expect(refusal(await change(id, { role: 'admin' }))).toEqual([409, 'own_role']);
    await change(id, { role: 'admin' }, second.session).expect(200);
    expect(await statusOf(plane.session)).toBe(401);
    expect(refusal(await change(second.id, { disabled: true }, second.session))).toEqual([409, 'last_owner']);
    await change(id, { role: 'owner' }, second.session).expect(200);
    plane.session = await plane.login('owner@example.com');
    await change(second.id, { disabled: true }, second.session).expect(200);
  });

  it('keeps one owner when the only two owners demote each other at the same time', async () => {
    const [first, second] = [await operator('owner'), await operator('owner')];
    await change(await ownerId(), { role: 'admin' }, first.session).expect(200);
    const answers = await Promise.all([
      change(first.id, { role: 'support' }, second.session),
      change(second.id, { role: 'support' }, first.session),
    ]);
    const left = await plane.rows(Operator, { role: 'owner' });
    expect(left.filter(({ disabledAt }) => disabledAt === null)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const winner = answers[0]?.status === 200 ? second : first;
    await change(
      (await plane.rows(Operator, { email: 'owner@example.com' }))[0]?.id ?? '',
      { role: 'owner' },
      winner.session,
    ).expect(200);
    plane.session = await plane.login('owner@example.com');
    await change(winner.id, { disabled: true }).expect(200);
  });

  describe('password guesses', () => {
    const guess = (email: string, device_token?: string) =>
      plane.post('/api/auth/login', { email, password: 'a guess', device_token }, { token: null });

    it('are limited to ten per email address in 15 minutes, except from a known device', async () => {
      const { email } = await operator('admin');
      const { device_token } = (await signIn(email, PASSWORD)).body;
      for (const address of [email, 'nobody-at-all@example.com']) {
        for (let time = 0; time < 10; time++) expect((await guess(address)).status).toBe(401);
        const refused = await guess(address);
        expect([refusal(refused), refused.headers['retry-after']]).toEqual([
          [429, 'too_many_attempts'],
          '900',
        ]);
      }
      expect((await signIn(email, PASSWORD)).status).toBe(429);
      const known = { email, password: PASSWORD, device_token };
      const owner = await plane.post('/api/auth/login', known, { token: null }).expect(200);
      expect(owner.body.device_token).toBe(device_token);
      const cookie = { host: HOST, cookie: `atlas_operator_device=${device_token}` };
      const browser = await plane.post(
        '/api/auth/login',
        { email, password: PASSWORD, cookie: true },
        { token: null, headers: cookie },
      );
      expect([browser.status, browser.body.device_token]).toEqual([200, undefined]);
      expect(browser.headers['set-cookie']).toEqual(
        expect.arrayContaining([expect.stringMatching(/^atlas_operator_device=.*HttpOnly/)]),
      );
      plane.clock.advance(900);
      expect((await signIn(email, PASSWORD)).status).toBe(200);
    });

    it('do not lock out an operator who has a reset link', async () => {
      const { id, email } = await operator('support');
      for (let time = 0; time < 10; time++) await guess(email);
      const { body: link } = await plane.post(`/api/operators/${id}/reset-link`).expect(201);
      const given = { token: link.token, password: NEW_PASSWORD };
      const { body } = await plane.post('/api/auth/reset-password', given, { token: null }).expect(200);
      const known = { email, password: NEW_PASSWORD, ...body };
      await plane.post('/api/auth/login', known, { token: null }).expect(200);
      plane.clock.advance(900);
    });

    it('cannot exploit weak passwords, because operators may not choose them', async () => {
      const body = { email: 'mary.miller@example.com', role: 'support' };
      for (const password of ['password1234', 'atlas-mary.miller'])
        expect(refusal(await plane.post('/api/operators', { ...body, password }))).toEqual([
          400,
          'validation_failed',
        ]);
    });
  });

  describe('a reset link', () => {
    const reset = (token: string, password = NEW_PASSWORD) =>
      plane.post('/api/auth/reset-password', { token, password }, { token: null });

    it('can set a first password, once and within a day', async () => {
      const body = { email: 'new@example.com', role: 'admin' };
      const { body: created } = await plane.post('/api/operators', body).expect(201);
      expect((await plane.get(`/api/operators/${created.id}`)).body.has_password).toBe(false);
      for (const password of ['', 'none', PASSWORD])
        expect((await signIn('new@example.com', password)).status).toBeGreaterThanOrEqual(400);
      const { body: link } = await plane.post(`/api/operators/${created.id}/reset-link`).expect(201);
      expect(link).toEqual({
        url: `${PUBLIC_URL}/reset-password#token=${link.token}`,
        token: expect.stringMatching(/^aor_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/),
        expires_at: new Date(plane.clock.now().getTime() + 24 * 3_600_000).toISOString(),
      });
      expect(JSON.stringify(await plane.rows(OperatorResetLink))).not.toContain(link.token);
      expect((await newest()).after).toEqual({ link: link.token.split('_')[1] });
      expect((await reset(link.token)).status).toBe(200);
      expect((await signIn('new@example.com', NEW_PASSWORD)).status).toBe(200);
      expect(refusal(await reset(link.token))).toEqual([410, 'invalid_reset_link']);
    });

    it('is invalid once replaced, expired or forged', async () => {
      const { id } = await operator('support');
      const issue = async () => (await plane.post(`/api/operators/${id}/reset-link`).expect(201)).body.token;
      const [first, second] = [await issue(), await issue()];
      plane.clock.advance(24 * 3600);
      for (const token of [first, second, `${second.slice(0, -1)}0`, 'aor_x', plane.apiKey])
        expect(refusal(await reset(token))).toEqual([410, 'invalid_reset_link']);
      plane.session = await plane.login('owner@example.com');
    });

    it('is checked before the new password, so that no password is hashed for an invalid link', async () => {
      const [used, old, disabled] = [
        await operator('admin'),
        await operator('admin'),
        await operator('admin'),
      ];
      const issue = async ({ id }: { id: string }) =>
        (await plane.post(`/api/operators/${id}/reset-link`).expect(201)).body.token;
      const tokens = [await issue(used), await issue(old), await issue(disabled)];
      await reset(tokens[0]).expect(200);
      await change(disabled.id, { disabled: true }).expect(200);
      const outcomes = async () =>
        Promise.all(tokens.map(async (token) => (await reset(token, 'qwerty123456')).status));
      expect(await outcomes()).toEqual([410, 400, 410]);
      plane.clock.advance(24 * 3600);
      expect(await outcomes()).toEqual([410, 410, 410]);
      plane.session = await plane.login('owner@example.com');
    });

    it('when used, revokes the sessions created with the old password', async () => {
      const { id, email, session } = await operator('admin');
      const { body } = await plane.post(`/api/operators/${id}/reset-link`).expect(201);
      expect(await statusOf(session)).toBe(200);
      await reset(body.token).expect(200);
      expect(await statusOf(session)).toBe(401);
      expect((await signIn(email, PASSWORD)).status).toBe(401);
    });
  });

  describe('an operator', () => {
    it('must give the current password to change it, and then loses all other sessions', async () => {
      const { email, session } = await operator('support');
      const other = await plane.login(email);
      const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
      const wrong = { ...body, current_password: 'not the password' };
      const set = (given: object) => plane.post('/api/auth/password', given, { token: session });
      expect(refusal(await set(wrong))).toEqual([403, 'wrong_password']);
      expect(refusal(await set({ ...body, new_password: 'short' }))).toEqual([400, 'validation_failed']);
      expect(await statusOf(other)).toBe(200);
      await set(body).expect(204);
      expect((await newest()).action).toBe('operator.password_changed');
      expect([await statusOf(session), await statusOf(other)]).toEqual([200, 401]);
      expect([(await signIn(email, PASSWORD)).status, (await signIn(email, NEW_PASSWORD)).status]).toEqual([
        401, 200,
      ]);
    });

    it('can list their own sessions and revoke one', async () => {
      const [{ email, session }, stranger] = [await operator('support'), await operator('support')];
      const other = await plane.login(email);
      const { body } = await plane.get('/api/auth/sessions', { token: session });
      const byId = (token: string) => body.items.find(({ id }: { id: string }) => token.includes(`_${id}_`));
      expect(body.items).toHaveLength(2);
      expect(byId(session)).toMatchObject({ method: 'password', ip: '127.0.0.1', is_current: true });
      expect(byId(other)).toMatchObject({ is_current: false, last_used_at: null });
      const end = (token: string, by: string) =>
        plane.delete(`/api/auth/sessions/${token.split('_')[1]}`, { token: by });
      expect(refusal(await end(other, stranger.session))).toEqual([404, 'not_found']);
      expect(await statusOf(other)).toBe(200);
      expect((await end(other, session)).status).toBe(204);
      expect([await statusOf(other), await statusOf(session)]).toEqual([401, 200]);
    });

    it('can keep a session in a cookie that other sites cannot use to change anything', async () => {
      const { email } = await operator('admin');
      const body = { email, password: PASSWORD, cookie: true };
      const here = { host: HOST };
      const answer = await plane.post('/api/auth/login', body, { token: null, headers: here }).expect(200);
      expect(answer.body).toEqual({
        expires_at: expect.any(String),
        operator: expect.objectContaining({ email }),
      });
      const cookie = answer.get('set-cookie')?.[0]?.split(';')[0] ?? '';
      expect(cookie).toMatch(/^atlas_operator=aos_/);
      const as = (headers: Record<string, string>) => ({
        token: null,
        headers: { ...here, cookie, ...headers },
      });
      expect((await plane.get('/api/auth/me', as({}))).status).toBe(200);
      const key = { name: 'k', scopes: ['tenants:read'] };
      const others: Record<string, string>[] = [
        {},
        { 'sec-fetch-site': 'cross-site' },
        { origin: 'https://evil.example.com' },
      ];
      for (const headers of others)
        expect(refusal(await plane.post('/api/api-keys', key, as(headers)))).toEqual([403, 'csrf_refused']);
      const own = as({ 'sec-fetch-site': 'same-origin' });
      expect((await plane.post('/api/api-keys', key, own)).status).toBe(201);
      const out = await plane.post('/api/auth/logout', undefined, own).expect(204);
      expect(out.get('set-cookie')).toEqual(['atlas_operator=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax']);
      expect((await plane.get('/api/auth/me', as({}))).status).toBe(401);
    });
  });

  it('names its cookie after the port of a host that other planes share', async () => {
    const { email } = await operator('admin');
    const body = { email, password: PASSWORD, cookie: true };
    const answer = await plane.post('/api/auth/login', body, { token: null }).expect(200);
    const cookie = answer.get('set-cookie')?.[0]?.split(';')[0] ?? '';
    expect(cookie).toMatch(/^atlas_operator_\d+=aos_/);
    const statusOn = async (headers: Record<string, string>) =>
      (await plane.get('/api/auth/me', { token: null, headers })).status;
    const elsewhere = ['127.0.0.1:1', 'localhost:1', '[::1]:1', HOST];
    expect(await statusOn({ cookie })).toBe(200);
    for (const host of elsewhere) expect(await statusOn({ cookie, host })).toBe(401);
  });

  it("revokes a browser's previous session when the same operator signs in again", async () => {
    const { email, session } = await operator('admin');
    const headers = { host: HOST, cookie: `atlas_operator=${session}` };
    const sign = (password: string) =>
      plane.post('/api/auth/login', { email, password }, { token: null, headers });
    expect([(await sign('a guess')).status, await statusOf(session)]).toEqual([401, 200]);
    const { body } = await sign(PASSWORD).expect(200);
    expect([await statusOf(session), await statusOf(body.token)]).toEqual([401, 200]);
  });

  it("refuses a sign-in if another operator's session in the same browser cannot be revoked", async () => {
    const [former, { email }] = [await operator('admin'), await operator('admin')];
    const headers = { host: HOST, cookie: `atlas_operator=${former.session}` };
    const sign = () => plane.post('/api/auth/login', { email, password: PASSWORD }, { token: null, headers });
    const before = await newest();
    // The cast is needed because the method is private.
    const sessions = OperatorSessions.prototype as unknown as { endOne(): Promise<void> };
    jest.spyOn(sessions, 'endOne').mockRejectedValueOnce(new Error('Its row is locked.'));
    expect((await sign()).status).toBe(500);
    expect([await statusOf(former.session), await newest()]).toEqual([200, before]);
    expect([(await sign()).status, await statusOf(former.session)]).toEqual([200, 401]);
  });

  describe('API keys', () => {
    it('are valid for 90 days, and are listed with their last use, accurate to the minute', async () => {
      const { id: operatorId, session } = await operator('admin');
      const body = { name: 'ci', scopes: ['tenants:read'] };
      const { body: made } = await plane.post('/api/api-keys', body, { token: session }).expect(201);
      const days = (new Date(made.expires_at).getTime() - plane.clock.now().getTime()) / 86_400_000;
      expect(days).toBe(90);
      const list = async () => (await plane.get(`/api/api-keys?operator_id=${operatorId}`)).body;
      expect(await list()).toEqual({
        items: [
          {
            id: made.id,
            name: 'ci',
            operator_id: operatorId,
            scopes: ['tenants:read'],
            parent_id: null,
            created_at: plane.clock.now().toISOString(),
            expires_at: made.expires_at,
            last_used_at: null,
            revoked_at: null,
          },
        ],
        next_cursor: null,
      });
      const used = plane.clock.now().toISOString();
      for (const seconds of [0, 59, 1]) {
        plane.clock.advance(seconds);
        await plane.get('/api/tenants', { token: made.key }).expect(200);
        const [{ last_used_at: lastUsed }] = (await list()).items;
        expect(lastUsed).toBe(seconds === 1 ? plane.clock.now().toISOString() : used);
      }
      expect(JSON.stringify(await plane.rows(ApiKey, { id: made.id }))).not.toContain(made.key);
    });

    it('can be revoked by their operator and by owners', async () => {
      const [admin, other] = [await operator('admin'), await operator('admin')];
      const keyOf = async ({ session }: { session: string }) => {
        const body = { name: 'k', scopes: ['tenants:read'] };
        return (await plane.post('/api/api-keys', body, { token: session })).body.id as string;
      };
      const [own, theirs] = [await keyOf(admin), await keyOf(other)];
      const revoke = (id: string, token: string) => plane.delete(`/api/api-keys/${id}`, { token });
      expect(refusal(await revoke(theirs, admin.session))).toEqual([403, 'forbidden']);
      expect((await revoke(own, admin.session)).status).toBe(204);
      expect((await revoke(theirs, plane.session)).status).toBe(204);
      expect(await newest()).toMatchObject({
        action: 'api_key.revoked',
        before: { name: 'k', scopes: ['tenants:read'], operator_id: other.id },
      });
    });
  });
});
