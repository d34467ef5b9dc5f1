import { Database, Throttle, type TenantOwned } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { CommitOutcomeUnknown, hashPassword } from '@atlas/platform';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import type supertest from 'supertest';
import { OldSessions } from '../../src/accounts/old-sessions';
import { hashToken } from '../../src/credentials/tenant-token';
import { Session } from '../../src/credentials/session.entity';
import { REFRESHES, Sessions } from '../../src/credentials/sessions';
import { UserToken } from '../../src/credentials/user-token.entity';
import { UserTokens } from '../../src/credentials/user-tokens';
import { User } from '../../src/credentials/user.entity';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-record.entity';
import { PASSWORD, TestTenantPlane, hostOf } from '../tenant-plane.fixture';

const HOUR = 3600;
const DAY = 24 * HOUR;

/**
 * A browser that signs in again loses its previous session. Refresh tokens expire at the latest 90 days after
 * the sign-in.
 *
 * To see it fail: make `Sessions.endFormer` do nothing; or in `Sessions.open`, leave out the `min` of
 * `until`.
 */
describe.each(EVERY_DATABASE)('sessions on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let passwordHash: string;
  const email = 'ann@example.com';
  const host = hostOf('acme');

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
    tenant = await plane.tenant('acme');
    passwordHash = await hashPassword(PASSWORD);
    await plane.user(tenant, 'operator', { email, passwordHash });
  });
  afterAll(() => plane.close());

  const login = (body: object = {}) =>
    plane.post('/api/auth/token', { email, password: PASSWORD, ...body }, { host });
  const refresh = (token: string) => plane.post('/api/auth/refresh', { refresh_token: token }, { host });
  const statusOf = async (session: string): Promise<number> =>
    (await plane.get('/api/auth/me', { session, host })).status;
  const signedIn = async (): Promise<{ token: string; refresh_token: string }> =>
    (await login().expect(200)).body;

  describe('when the outcome of a COMMIT is unknown', () => {
    interface Transactions {
      begin: (tenantId: string, work: unknown) => Promise<unknown>;
    }
    /** Makes the outcome of the call's transactions unknown. They are committed only if `isStored`. */
    const lost = async (call: supertest.Test, isStored: boolean): Promise<supertest.Response> => {
      const database = plane.app.get(Database) as unknown as Transactions;
      const begin = database.begin.bind(database);
      const cut = jest.spyOn(database, 'begin').mockImplementation(async (...given) => {
        if (isStored) await begin(...given);
        throw new CommitOutcomeUnknown(new Error('Connection terminated unexpectedly'));
      });
      const answer = await call;
      cut.mockRestore();
      return answer;
    };
    const alarms = async (): Promise<number> => (await plane.audit(tenant, 'session.refresh_reused')).length;

    it.each([true, false])(
      "can be recovered by following the error's advice after a refresh (committed: %s)",
      async (isStored) => {
        const [old, before] = [await signedIn(), await alarms()];
        const answer = await lost(refresh(old.refresh_token), isStored);
        expect([answer.status, answer.body.code, answer.get('retry-after')]).toEqual([
          503,
          'commit_outcome_unknown',
          undefined,
        ]);
        expect(answer.body.detail).toContain('Send GET /api/auth/me with your current session token.');
        expect(await statusOf(old.token)).toBe(isStored ? 401 : 200);
        if (isStored) await signedIn();
        else await refresh(old.refresh_token).expect(200);
        expect(await alarms()).toBe(before);
      },
    );

    it.each([
      ['token', { email, password: PASSWORD }, /Sign in again/],
      ['forgot-password', { email }, /Wait for the email/],
      [
        'password',
        { current_password: PASSWORD, new_password: `${PASSWORD} 2` },
        /Sign in with the password/,
      ],
    ])(
      'can be recovered without an idempotency key, as the error from the route %s advises',
      async (route, body, advice) => {
        const { token: session } = await signedIn();
        const answer = await lost(plane.post(`/api/auth/${route}`, body, { host, session }), false);
        expect([answer.status, answer.body.code]).toEqual([503, 'commit_outcome_unknown']);
        expect(answer.body.detail).toMatch(advice);
        expect(answer.body.detail).not.toContain('Idempotency-Key');
      },
    );
  });

  it('are deleted once they can no longer be renewed', async () => {
    const { tenant: own, admin } = await plane.tenantWithAdmin('swept');
    const [{ id }] = (await plane.rows(own, User)) as [User];
    const rows = async () =>
      Promise.all(
        [Session, UserToken, IdempotencyRecord].map(
          async (one) => (await plane.rows<TenantOwned>(own, one)).length,
        ),
      );
    const first = await plane.tenants.write(own.tenant_id, async (scope) => {
      await plane.app.get(UserTokens).mint(scope, id, 'reset');
      return plane.app.get(Sessions).open(scope, (await scope.findOne(User, { id })) as User);
    });
    await plane.post(
      '/api/incidents',
      { title: 'Disk full', severity: 'P2' },
      { ...admin, headers: { 'idempotency-key': 'swept' } },
    );
    const sweep = () => plane.app.get(OldSessions).sweep();
    const made = await rows();
    await sweep();
    expect(await rows()).toEqual(made);
    const renew = (token: string) => plane.post('/api/auth/refresh', { refresh_token: token }, admin);
    let { refresh_token: token } = first;
    for (let days = 0; days < 87; days += 29) {
      clock.advance(29 * DAY);
      ({ refresh_token: token } = (await renew(token).expect(200)).body);
      await sweep();
    }
    // The first session is kept as long as the last one, which expires after ninety days.
    expect(await rows()).toEqual([Number(made[0]) + 3, 0, 0]);
    clock.advance(3 * DAY + 1);
    await sweep();
    // A replica whose clock lags behind does not start another ninety days.
    for (const seconds of [-60, 60]) {
      clock.advance(seconds);
      await renew(token).expect(401);
    }
    expect(await rows()).toEqual([3, 0, 0]);
    clock.advance(90 * DAY);
    await sweep();
    expect(await rows()).toEqual([0, 0, 0]);
  });

  describe('a sign-in', () => {
    it('starts a session, and records who signed in', async () => {
      const { body } = await login().expect(200);
      expect(body.user).toEqual({ id: expect.any(String), email, name: 'operator', role: 'operator' });
      expect(await statusOf(body.token)).toBe(200);
      const events = await plane.audit(tenant, 'user.signed_in');
      expect(events.at(-1)).toMatchObject({ actorId: body.user.id, targetId: body.user.id });
    });

    it('ignores the case of the email address', async () => {
      await login({ email: 'ANN@example.com' }).expect(200);
    });

    it('gives the same response for a wrong password, an unknown user and a deactivated user', async () => {
      const gone = 'gone@example.com';
      await plane.user(tenant, 'admin', { email: gone, passwordHash, deactivatedAt: clock.now() });
      const answers = [
        await login({ password: 'a wrong password' }),
        await login({ email: 'nobody@example.com' }),
        await login({ email: gone }),
      ];
      for (const { status, body } of answers) {
        expect([status, body.code, body.detail]).toEqual([
          401,
          'invalid_credentials',
          answers[0]?.body.detail,
        ]);
      }
    });

    it('accepts a password only exactly as chosen, whatever its length or age', async () => {
      const password = ` Ünïcode of 150 characters, ${'longer than what bcrypt reads, '.repeat(4)}. `;
      const long = { email: 'long@example.com', password };
      await plane.user(tenant, 'operator', { email: long.email, passwordHash: await hashPassword(password) });
      for (const other of [password.trim(), password.toLowerCase(), password.slice(0, 72), `${password}.`])
        await login({ ...long, password: other }).expect(401);
      clock.advance(800 * DAY);
      await login(long).expect(200);
    });

    it('finds a user only in their own tenant', async () => {
      await plane.tenant('globex');
      const body = { email, password: PASSWORD };
      const answer = await plane.post('/api/auth/token', body, { host: hostOf('globex') }).expect(401);
      expect(answer.body.code).toBe('invalid_credentials');
    });

    it.each([
      ['an invalid email address', { email: 'ann' }],
      ['no password', { password: '' }],
      ['an object as the password', { password: { $ne: '' } }],
      ['an unknown field', { tenant_id: 'globex' }],
    ])('is refused with %s', async (_, body) => {
      expect((await login(body).expect(400)).body.code).toBe('validation_failed');
    });
  });

  describe('once started', () => {
    it('can be used with a cookie', async () => {
      const { token } = await signedIn();
      const cookie = `theme=dark; atlas_session=${token}`;
      await plane.get('/api/auth/me', { host, headers: { cookie } }).expect(200);
    });

    it('expire after twelve hours', async () => {
      const { token } = await signedIn();
      clock.advance(12 * HOUR - 1);
      expect(await statusOf(token)).toBe(200);
      clock.advance(1);
      expect(await statusOf(token)).toBe(401);
    });

    it('can be revoked one at a time by signing out, along with their refresh tokens', async () => {
      const [one, other] = [await signedIn(), await signedIn()];
      await plane.post('/api/auth/logout', undefined, { session: one.token, host }).expect(204);
      expect([await statusOf(one.token), await statusOf(other.token)]).toEqual([401, 200]);
      await refresh(one.refresh_token).expect(401);
    });

    it('are invalid once their user is deactivated', async () => {
      const { id, session } = await plane.user(tenant, 'admin');
      expect(await statusOf(session)).toBe(200);
      await plane.tenants.write(tenant.tenant_id, (scope) =>
        scope.update(User, { id }, { deactivatedAt: clock.now() }),
      );
      expect(await statusOf(session)).toBe(401);
    });

    it.each<[string, (token: string) => string]>([
      ['that is truncated', (token) => token.slice(0, -1)],
      ['that is too long', (token) => `${token}A`],
      ['with another secret', (token) => token.slice(0, -43) + 'A'.repeat(43)],
      ['that is only the word Bearer', () => 'Bearer'],
      ['that is empty', () => ''],
    ])('cannot be used with a token %s', async (_, change) => {
      const { token } = await signedIn();
      const answer = await plane.get('/api/auth/me', { session: change(token), host }).expect(401);
      expect(answer.body.code).toBe('unauthenticated');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    });

    it('cannot be used if their token names another tenant', async () => {
      const other = await plane.tenant('initech');
      const { token } = await signedIn();
      const forged = token.replace(tenant.tenant_id, other.tenant_id);
      await plane.get('/api/auth/me', { session: forged, host: hostOf('initech') }).expect(401);
      await plane.get('/api/auth/me', { session: forged, host }).expect(401);
    });

    it('cannot be used with a refresh token in place of the session token', async () => {
      const { refresh_token: token } = await signedIn();
      expect(await statusOf(token)).toBe(401);
    });
  });

  describe('a refresh', () => {
    it('returns a new pair of tokens and revokes the old pair', async () => {
      const first = await signedIn();
      const { body: second } = await refresh(first.refresh_token).expect(200);
      expect([await statusOf(first.token), await statusOf(second.token)]).toEqual([401, 200]);
      const { body: third } = await refresh(second.refresh_token).expect(200);
      expect([await statusOf(second.token), await statusOf(third.token)]).toEqual([401, 200]);
    });

    it('revokes every session of its sign-in, and no others, if a refresh token is reused', async () => {
      const [first, other] = [await signedIn(), await signedIn()];
      const { body: second } = await refresh(first.refresh_token).expect(200);
      const { body: third } = await refresh(second.refresh_token).expect(200);
      await refresh(first.refresh_token).expect(401);
      expect(await statusOf(third.token)).toBe(401);
      await refresh(third.refresh_token).expect(401);
      expect(await statusOf(other.token)).toBe(200);
      const [event, ...more] = await plane.audit(tenant, 'session.refresh_reused');
      expect([event?.after, more]).toEqual([{ sessions_ended: 1 }, []]);
    });

    it('revokes the new session too if a token issued by an earlier Atlas version is reused', async () => {
      const first = await signedIn();
      await plane.tenants.write(tenant.tenant_id, (scope) =>
        scope.update(Session, { tokenHash: hashToken(first.token) }, { familyId: null }),
      );
      const { body: second } = await refresh(first.refresh_token).expect(200);
      await refresh(first.refresh_token).expect(401);
      expect(await statusOf(second.token)).toBe(401);
    });

    it('is possible for thirty days, even after the session has expired', async () => {
      const [late, tooLate] = [await signedIn(), await signedIn()];
      clock.advance(30 * DAY - 1);
      await refresh(late.refresh_token).expect(200);
      clock.advance(1);
      await refresh(tooLate.refresh_token).expect(401);
    });

    it('extends a sign-in to at most ninety days, however many refreshes follow', async () => {
      let { refresh_token: token } = await signedIn();
      for (let days = 0; days < 75; days += 25) {
        clock.advance(25 * DAY);
        token = (await refresh(token).expect(200)).body.refresh_token;
      }
      clock.advance(15 * DAY - 1);
      const { body: last } = await refresh(token).expect(200);
      expect(await statusOf(last.token)).toBe(200);
      clock.advance(1);
      expect(await statusOf(last.token)).toBe(401);
      await refresh(last.refresh_token).expect(401);
    });

    it('is possible 600 times an hour per sign-in, after which a new sign-in is still possible', async () => {
      const busy = await plane.tenant('busy');
      await plane.user(busy, 'operator', { email, passwordHash });
      const at = { host: hostOf('busy') };
      const signIn = () => plane.post('/api/auth/token', { email, password: PASSWORD }, at);
      const { body: first } = await signIn().expect(200);
      const sessions = await plane.rows(busy, Session);
      const session = sessions.find(({ tokenHash }) => tokenHash === hashToken(first.token));
      const throttle = plane.app.get(Throttle);
      await plane.tenants.write(busy.tenant_id, async () => {
        for (let n = 0; n < REFRESHES.limit; n += 1)
          await throttle.take(REFRESHES, [busy.tenant_id, String(session?.familyId)]);
      });
      const again = () => plane.post('/api/auth/refresh', { refresh_token: first.refresh_token }, at);
      const { body, headers } = await again().expect(429);
      expect([body.code, headers['retry-after']]).toEqual(['too_many_attempts', '3600']);
      await signIn().expect(200);
      clock.advance(HOUR);
      await again().expect(200);
    });

    it('succeeds for only one of ten concurrent requests', async () => {
      const { refresh_token: token } = await signedIn();
      const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(token)));
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(9).fill(401)]);
    });

    it('is refused for a deactivated user', async () => {
      const leaving = 'leaving@example.com';
      const { id } = await plane.user(tenant, 'admin', { email: leaving, passwordHash });
      const { body } = await login({ email: leaving }).expect(200);
      await plane.tenants.write(tenant.tenant_id, (scope) =>
        scope.update(User, { id }, { deactivatedAt: clock.now() }),
      );
      await refresh(body.refresh_token).expect(401);
    });

    it("is refused for a session token, another tenant's token and an invalid token", async () => {
      const other = await plane.tenant('hooli');
      const { token, refresh_token: good } = await signedIn();
      for (const wrong of [token, good.replace(tenant.tenant_id, other.tenant_id), 'atr_x']) {
        expect((await refresh(wrong).expect(401)).body.code).toBe('unauthenticated');
      }
      const elsewhere = { host: hostOf('hooli') };
      await plane.post('/api/auth/refresh', { refresh_token: good }, elsewhere).expect(401);
      await refresh(good).expect(200);
    });
  });
});
