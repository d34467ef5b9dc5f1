import { type DesiredTenant } from '@atlas/plane-contract';
import { hashPassword } from '@atlas/platform';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import type supertest from 'supertest';
import { UserWrites } from '../../src/access/user-writes';
import { Accounts } from '../../src/accounts/accounts';
import { Invitations } from '../../src/accounts/invitations';
import { Passwords } from '../../src/accounts/passwords';
import { Users } from '../../src/accounts/users';
import { AiSettings } from '../../src/ai/ai-settings';
import { Cmdb } from '../../src/cmdb/cmdb';
import { Sessions } from '../../src/credentials/sessions';
import { UserTokens } from '../../src/credentials/user-tokens';
import { Incidents } from '../../src/incidents/incidents';
import { IdentityProviders } from '../../src/single-sign-on/identity-providers';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, PASSWORD, TestTenantPlane, hostOf, tokenIn } from '../tenant-plane.fixture';

const NEW = 'another horse, another staple';
const THIRD = 'a third horse, a third staple';

/**
 * A user's write is stored only while the user is still allowed to write. A revocation is acknowledged only
 * once the user's writes in progress are stored.
 *
 * To see it fail: in `UserWrites.by`, leave out `requireUser` and `requireSession`; let `requireUser` read
 * without `lockedForShare`; or leave out `expiresAt` in `Sessions.requireCaller`.
 */
describe.each(EVERY_DATABASE)('a revocation on %s', (driver) => {
  const clock = new FixedClock();
  const email = 'ann@example.com';
  let plane: TestTenantPlane;
  let passwordHash: string;
  let tenant: DesiredTenant;
  let admin: CallOptions & { id: string };
  let host: string;
  let id: string;
  let count = 0;
  /** The tokens of two separate sign-ins. */
  let first: { token: string; refresh_token: string };
  let second: { token: string; refresh_token: string };

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
    passwordHash = await hashPassword(PASSWORD);
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    clock.advance(3600);
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(count += 1)}`));
    host = hostOf(tenant.slug);
    ({ id } = await plane.user(tenant, 'operator', { email, passwordHash }));
    [first, second] = [(await login().expect(200)).body, (await login().expect(200)).body];
  });

  /** Sends the request immediately instead of when it is first awaited. */
  const sent = (test: supertest.Test): Promise<supertest.Response> => test.then((answer) => answer);
  const login = (password = PASSWORD, headers = {}) =>
    plane.post('/api/auth/token', { email, password }, { host, headers });
  const refresh = (token: string) => plane.post('/api/auth/refresh', { refresh_token: token }, { host });
  const change = (session: string, wanted = NEW) => {
    const body = { current_password: PASSWORD, new_password: wanted };
    return plane.post('/api/auth/password', body, { host, session });
  };
  const resetLink = (): Promise<string> =>
    plane.tenants.write(tenant.tenant_id, (scope) => plane.app.get(UserTokens).mint(scope, id, 'reset'));
  const reset = (token: string, password = THIRD) =>
    plane.post('/api/auth/reset-password', { token, password }, { host });
  const deactivate = (deactivated = true, whom = id) =>
    plane.patch(`/api/users/${whom}`, { deactivated }, admin);
  const invite = (caller: CallOptions = admin) =>
    plane.post('/api/auth/invite', { email: 'bob@example.com', role: 'operator' }, caller);
  const accept = (token: string, headers = {}) =>
    plane.post('/api/auth/signup-exchange', { token, password: PASSWORD }, { host, headers });
  const statusOf = async (session: string): Promise<number> =>
    (await plane.get('/api/auth/me', { session, host })).status;

  /**
   * A name, and a function that prepares a revocation and returns a function that performs it. All of the
   * user's access is revoked, except that a password change keeps the session `second`.
   */
  type Revocation = [string, () => Promise<() => Promise<supertest.Response>>];
  const REVOCATIONS: Revocation[] = [
    ['a password change', async () => () => sent(change(second.token).expect(204))],
    [
      'a password reset',
      async () => {
        const token = await resetLink();
        return () => sent(reset(token).expect(200));
      },
    ],
    ['a deactivation', async () => () => sent(deactivate().expect(200))],
  ];
  const BACK_AGAIN: Revocation = [
    'a deactivation that is reversed',
    async () => async () => {
      await deactivate().expect(200);
      return sent(deactivate(false).expect(200));
    },
  ];
  /** Expects that no token in the response works, not even after the user is reactivated. */
  const expectDead = async ({ status, body }: supertest.Response): Promise<void> => {
    if (status >= 400) return;
    expect(await statusOf(body.token)).toBe(401);
    await deactivate(false).expect(200);
    expect(await statusOf(body.token)).toBe(401);
    await refresh(body.refresh_token).expect(401);
  };

  describe('blocks a sign-in', () => {
    it.each([...REVOCATIONS, BACK_AGAIN])('whose password was checked before %s', async (_, prepare) => {
      const revoke = await prepare();
      const pause = Pause.inHashing('verify');
      const signingIn = sent(login());
      await pause.reached;
      await revoke();
      pause.release();
      const { status, body } = await signingIn;
      expect([status, body.code]).toEqual([401, 'invalid_credentials']);
    });

    it.each(REVOCATIONS)('whose session is being stored during %s', async (_, prepare) => {
      const revoke = await prepare();
      const pause = Pause.behind(plane.app.get(Sessions), 'open');
      const signingIn = sent(login());
      await pause.reached;
      const revoking = revoke();
      await endedOrWaiting(plane, revoking);
      pause.release();
      await revoking;
      await expectDead(await signingIn);
    });
  });

  describe('blocks a token refresh', () => {
    /** The tokens of the first refresh. */
    let current: typeof first;
    beforeEach(async () => {
      current = (await refresh(first.refresh_token).expect(200)).body;
    });

    it.each<Revocation>([
      ...REVOCATIONS,
      [
        'a reuse of the earlier refresh token',
        async () => () => sent(refresh(first.refresh_token).expect(401)),
      ],
      [
        'a sign-out',
        async () => () =>
          sent(plane.post('/api/auth/logout', undefined, { host, session: current.token }).expect(204)),
      ],
      [
        'a new sign-in in the same browser',
        async () => () => sent(login(PASSWORD, { cookie: `atlas_session=${current.token}` }).expect(200)),
      ],
      [
        'a sign-in of another user in the same browser',
        async () => {
          const bob = { email: 'bob@example.com', password: PASSWORD };
          await plane.user(tenant, 'operator', { email: bob.email, passwordHash });
          const headers = { cookie: `atlas_session=${current.token}` };
          return () => sent(plane.post('/api/auth/token', bob, { host, headers }).expect(200));
        },
      ],
    ])('whose session is being stored during %s', async (_, prepare) => {
      const revoke = await prepare();
      const pause = Pause.behind(plane.app.get(Sessions), 'open');
      const refreshing = sent(refresh(current.refresh_token));
      await pause.reached;
      const revoking = revoke();
      await endedOrWaiting(plane, revoking);
      pause.release();
      await revoking;
      await expectDead(await refreshing);
    });
  });

  it('through expiry blocks a token refresh that is still waiting', async () => {
    const { body } = await login().expect(200);
    const pause = Pause.behind(plane.app.get(Sessions), 'open');
    const signingIn = sent(login());
    await pause.reached;
    const refreshing = sent(refresh(body.refresh_token));
    await endedOrWaiting(plane, refreshing);
    clock.advance(31 * 24 * 3600);
    pause.release();
    expect([(await signingIn).status, (await refreshing).status]).toEqual([200, 401]);
  });

  describe('during a password change or reset', () => {
    it('makes a change fail if a reset overtakes it', async () => {
      const token = await resetLink();
      const pause = Pause.inHashing('verify');
      const changing = sent(change(first.token));
      await pause.reached;
      await reset(token).expect(200);
      pause.release();
      expect((await changing).status).toBe(401);
      await login(NEW).expect(401);
      await login(THIRD).expect(200);
    });

    it.each([
      ['two sessions', () => second.token, 'unauthenticated'],
      ['one session', () => first.token, 'wrong_password'],
    ])('lets only one of two concurrent changes from %s succeed', async (_, other, code) => {
      const pause = Pause.inHashing('verify');
      const changing = sent(change(first.token));
      await pause.reached;
      await change(other(), THIRD).expect(204);
      pause.release();
      expect((await changing).body.code).toBe(code);
      await login(NEW).expect(401);
      await login(THIRD).expect(200);
    });

    it.each([REVOCATIONS[0], BACK_AGAIN] as Revocation[])(
      'makes a reset fail if its link was checked before %s',
      async (_, prepare) => {
        const revoke = await prepare();
        const token = await resetLink();
        const pause = Pause.inHashing('hash');
        const resetting = sent(reset(token));
        await pause.reached;
        await revoke();
        pause.release();
        expect((await resetting).body.code).toBe('invalid_link');
        await login(THIRD).expect(401);
      },
    );
  });

  describe('of an invitation', () => {
    const again = async (): Promise<void> => void (await invite().expect(201));
    const gone = async (whom: string): Promise<void> => void (await deactivate(true, whom).expect(200));
    const goneAndBack = async (whom: string): Promise<void> => {
      await gone(whom);
      await deactivate(false, whom).expect(200);
    };

    it.each([
      ['sent again', again],
      ['revoked by deactivating the invited user', gone],
      ['revoked by a deactivation that is reversed', goneAndBack],
    ])('blocks an acceptance that is in progress when the invitation is %s', async (_, revoke) => {
      const { body } = await invite().expect(201);
      const pause = Pause.inHashing('hash');
      const accepting = sent(accept(tokenIn(body.url)));
      await pause.reached;
      await revoke(body.user.id);
      pause.release();
      expect((await accepting).body.code).toBe('invalid_link');
      await accept(tokenIn(body.url)).expect(401);
    });

    it('also applies if the invitation is still being created', async () => {
      const { body } = await invite().expect(201);
      const pause = Pause.behind(plane.app.get(UserTokens), 'mint');
      const inviting = sent(invite());
      await pause.reached;
      const revoking = sent(deactivate(true, body.user.id).expect(200));
      await endedOrWaiting(plane, revoking);
      pause.release();
      await revoking;
      await deactivate(false, body.user.id).expect(200);
      await accept(tokenIn((await inviting).body.url)).expect(401);
    });
  });

  describe('that deactivates the sender of an invitation', () => {
    let sender: CallOptions & { id: string };
    beforeEach(async () => {
      sender = { ...(await plane.user(tenant, 'admin')), host } as typeof sender;
    });

    it('blocks an acceptance that is in progress', async () => {
      const { body } = await invite(sender).expect(201);
      const pause = Pause.inHashing('hash');
      const accepting = sent(accept(tokenIn(body.url)));
      await pause.reached;
      await deactivate(true, sender.id).expect(200);
      pause.release();
      expect((await accepting).body.code).toBe('invalid_link');
    });

    it('invalidates an invitation that is being sent', async () => {
      const pause = Pause.behind(plane.app.get(UserTokens), 'mint');
      const inviting = sent(invite(sender));
      await pause.reached;
      const revoking = sent(deactivate(true, sender.id).expect(200));
      await endedOrWaiting(plane, revoking);
      pause.release();
      await revoking;
      const { status, body } = await inviting;
      expect(status).toBe(201);
      await accept(tokenIn(body.url)).expect(401);
    });
  });

  describe("of an admin's rights", () => {
    let other: CallOptions & { id: string };
    beforeEach(async () => {
      other = { ...(await plane.user(tenant, 'admin')), host } as typeof other;
    });
    const REQUESTS: [string, () => object, string, () => supertest.Test][] = [
      ['an invitation', () => plane.app.get(Invitations), 'invite', () => invite(other)],
      [
        'a change to a user',
        () => plane.app.get(Users),
        'update',
        () => plane.patch(`/api/users/${id}`, { role: 'admin' }, other),
      ],
      [
        'an identity provider setup',
        () => plane.app.get(IdentityProviders, { strict: false }),
        'configure',
        () => plane.put('/api/identity-provider', { issuer: 'https://a.example.com', client_id: 'a' }, other),
      ],
    ];

    it.each(REQUESTS)(
      'blocks %s even if the request was already admitted',
      async (_, service, method, request) => {
        for (const [revoked, code] of [
          [{ role: 'operator' }, 'forbidden'],
          [{ role: 'admin', deactivated: true }, 'unauthenticated'],
        ] as const) {
          const pause = Pause.before(service(), method);
          const calling = sent(request());
          await pause.reached;
          await plane.patch(`/api/users/${other.id}`, revoked, admin).expect(200);
          pause.release();
          expect((await calling).body.code).toBe(code);
          await plane.patch(`/api/users/${other.id}`, { role: 'admin' }, admin).expect(200);
        }
      },
    );

    it.each(REQUESTS)(
      'through session expiry blocks %s that is still waiting',
      async (_, service, method, request) => {
        const pause = Pause.before(service(), method);
        const calling = sent(request());
        await pause.reached;
        clock.advance(13 * 3600);
        pause.release();
        expect((await calling).body.code).toBe('unauthenticated');
      },
    );

    it('blocks a retry with the idempotency key of an earlier request', async () => {
      const caller = { ...other, headers: { 'idempotency-key': 'invites-bob' } };
      const { text } = await invite(caller).expect(201);
      expect((await invite(caller).expect(201)).text).toBe(text);
      const pause = Pause.behind(plane.app.get(Incidents, { strict: false }), 'create');
      const earlier = sent(plane.post('/api/incidents', { title: 'Disk is full', severity: 'P2' }, other));
      await pause.reached;
      const revoking = sent(deactivate(true, other.id));
      await endedOrWaiting(plane, revoking);
      const again = sent(invite(caller));
      await endedOrWaiting(plane, again, 2);
      pause.release();
      expect([(await earlier).status, (await revoking).status]).toEqual([201, 200]);
      expect((await again).body.code).toBe('unauthenticated');
    });
  });

  describe("of a user's rights", () => {
    const report = () => plane.post('/api/incidents', { title: 'Disk is full', severity: 'P2' }, other);
    let other: CallOptions & { id: string };
    let incident: string;
    beforeEach(async () => {
      other = { ...(await plane.user(tenant, 'admin')), host } as typeof other;
      incident = (await report().expect(201)).body.id;
    });

    const AI_SETTING = 'a change to the AI settings';
    const SKIP = '/api/onboarding/steps/slos/skip';
    const OF_ADMINS: [string, () => supertest.Test][] = [
      [AI_SETTING, () => plane.put('/api/ai/settings', { allow_control_plane: false }, other)],
      ['a request to skip a step', () => plane.post(SKIP, { reason: 'Later' }, other)],
      ['a consent to a move', () => plane.post('/api/moves/consent', undefined, other)],
    ];
    const OF_ALL: typeof OF_ADMINS = [
      ['a new incident', report],
      ['a change to an incident', () => plane.patch(`/api/incidents/${incident}`, { title: 'x' }, other)],
      [
        'a new configuration item',
        () => plane.post('/api/cmdb/items', { name: 'web-1', type: 'host' }, other),
      ],
      ...OF_ADMINS,
    ];
    /** A change to the AI settings blocks all writes before it checks the user, so pause it before that. */
    const pauseOf = (name: string): Pause =>
      name === AI_SETTING
        ? Pause.before(plane.app.get(AiSettings, { strict: false }), 'change')
        : Pause.before(plane.app.get(UserWrites), 'by');
    const codeAfter = async (
      name: string,
      request: () => supertest.Test,
      revoked: object,
    ): Promise<string> => {
      const pause = pauseOf(name);
      const calling = sent(request());
      await pause.reached;
      await plane.patch(`/api/users/${other.id}`, revoked, admin).expect(200);
      pause.release();
      return (await calling).body.code;
    };

    it.each(OF_ALL)('blocks %s even if the request was already admitted', async (name, request) => {
      expect(await codeAfter(name, request, { deactivated: true })).toBe('unauthenticated');
    });

    it.each(OF_ADMINS)("blocks %s if the user's new role does not allow it", async (name, request) => {
      expect(await codeAfter(name, request, { role: 'requester' })).toBe('forbidden');
    });

    it('blocks writes from a session that was signed out, but not from one that was renewed', async () => {
      const pause = Pause.before(plane.app.get(UserWrites), 'by');
      const calling = sent(
        plane.post('/api/incidents', { title: 'a', severity: 'P2' }, { host, session: first.token }),
      );
      await pause.reached;
      const { body: renewed } = await refresh(first.refresh_token).expect(200);
      pause.release();
      expect((await calling).status).toBe(201);
      const again = Pause.before(plane.app.get(UserWrites), 'by');
      const late = sent(
        plane.post('/api/incidents', { title: 'b', severity: 'P2' }, { host, session: renewed.token }),
      );
      await again.reached;
      await plane.post('/api/auth/logout', undefined, { host, session: renewed.token }).expect(204);
      again.release();
      expect((await late).body.code).toBe('unauthenticated');
    });

    it.each<[string, () => Promise<() => supertest.Test>, number]>([
      ['deactivation', async () => () => deactivate(true, other.id), 200],
      [
        'role change',
        async () => () => plane.patch(`/api/users/${other.id}`, { role: 'requester' }, admin),
        200,
      ],
      ['sign-out', async () => () => plane.post('/api/auth/logout', undefined, other), 204],
      [
        'sign-in of another user in their browser',
        async () => {
          const { body } = await invite().expect(201);
          const headers = { cookie: `atlas_session=${other.session}` };
          return () => accept(tokenIn(body.url), headers);
        },
        201,
      ],
    ])('is not delayed by a user who never stops writing: %s', async (_, prepare, acknowledged) => {
      const revoke = await prepare();
      const write = () => plane.post('/api/cmdb/items', { name: 'web-1', type: 'host' }, other);
      const pause = Pause.behind(plane.app.get(Cmdb, { strict: false }), 'create');
      const earlier = sent(write());
      await pause.reached;
      const revoking = sent(revoke());
      await endedOrWaiting(plane, revoking);
      const later = sent(write());
      await endedOrWaiting(plane, later, 2);
      pause.release();
      expect([(await earlier).status, (await revoking).status]).toEqual([201, acknowledged]);
      expect([401, 403]).toContain((await later).status);
    });

    it("is not acknowledged before the user's writes in progress are stored", async () => {
      const pause = Pause.behind(plane.app.get(Incidents, { strict: false }), 'create');
      const calling = sent(report());
      await pause.reached;
      const revoking = sent(deactivate(true, other.id).expect(200));
      await endedOrWaiting(plane, revoking);
      expect((await plane.get(`/api/users/${other.id}`, admin)).body.status).toBe('active');
      pause.release();
      expect((await calling).status).toBe(201);
      await revoking;
    });
  });

  describe('that suspends the tenant', () => {
    const report = (caller: CallOptions = admin) =>
      plane.post('/api/incidents', { title: 'Disk is full', severity: 'P2' }, caller);
    const suspend = (): Promise<unknown> =>
      plane.apply({
        tenants: [{ ...tenant, status: 'suspended', entry_revision: tenant.entry_revision + 1 }],
      });
    const resume = (): Promise<unknown> =>
      plane.apply({ tenants: [{ ...tenant, entry_revision: tenant.entry_revision + 2 }] });
    const refusal = ({ status, body }: supertest.Response) => [status, body.code];
    const SUSPENDED = [403, 'tenant_suspended'];

    const service = (type: Parameters<TestTenantPlane['app']['get']>[0]): object =>
      plane.app.get(type, { strict: false });
    /** A name, where to pause the request, and how to prepare it. */
    type Held = [string, () => Pause, () => Promise<() => supertest.Test>];
    const HELD: Held[] = [
      ['a sign-in', () => Pause.inHashing('verify'), async () => () => login()],
      [
        'a refresh',
        () => Pause.before(service(Accounts), 'refresh'),
        async () => () => refresh(first.refresh_token),
      ],
      [
        'the acceptance of an invitation',
        () => Pause.inHashing('hash'),
        async () => {
          const { body } = await invite().expect(201);
          return () => accept(tokenIn(body.url));
        },
      ],
      [
        'a password reset',
        () => Pause.inHashing('hash'),
        async () => {
          const token = await resetLink();
          return () => reset(token);
        },
      ],
      ['a password change', () => Pause.inHashing('hash'), async () => () => change(first.token)],
      [
        'a request for a reset link',
        () => Pause.before(service(Passwords), 'forgot'),
        async () => () => forgot(),
      ],
      ['an invitation', () => Pause.before(service(Invitations), 'invite'), async () => () => invite()],
      ['a change to a user', () => Pause.before(service(Users), 'update'), async () => () => deactivate()],
      [
        'an identity provider setup',
        () => Pause.before(service(IdentityProviders), 'configure'),
        async () => () =>
          plane.put('/api/identity-provider', { issuer: 'https://a.example.com', client_id: 'a' }, admin),
      ],
      ["a user's write", () => Pause.before(service(UserWrites), 'by'), async () => () => report()],
    ];
    const forgot = () => plane.post('/api/auth/forgot-password', { email }, { host });

    it.each(HELD)('blocks %s even if the request was already admitted', async (_, hold, prepare) => {
      const send = await prepare();
      const pause = hold();
      const calling = sent(send());
      await pause.reached;
      await suspend();
      pause.release();
      expect(refusal(await calling)).toEqual(SUSPENDED);
    });

    it("blocks the sign-up of the tenant's first user", async () => {
      tenant = await plane.tenant(`tenant-${(count += 1)}`);
      const token = await plane.signupToken(tenant);
      const signUp = () => sent(plane.post('/api/auth/signup-exchange', { token, password: PASSWORD }));
      const pause = Pause.inHashing('hash');
      const calling = signUp();
      await pause.reached;
      await suspend();
      pause.release();
      expect(refusal(await calling)).toEqual(SUSPENDED);
      await resume();
      expect((await signUp()).status).toBe(201);
    });

    it('is not acknowledged before writes in progress are stored', async () => {
      const pause = Pause.behind(service(Incidents), 'create');
      const calling = sent(report());
      await pause.reached;
      const suspending = suspend();
      await endedOrWaiting(plane, suspending);
      const { status } = await plane.get('/api/auth/me', admin);
      pause.release();
      expect([status, (await calling).status]).toEqual([200, 201]);
      await suspending;
      expect(refusal(await plane.get('/api/auth/me', admin))).toEqual(SUSPENDED);
    });

    it('is not delayed by a tenant that never stops writing', async () => {
      const pause = Pause.behind(service(Incidents), 'create');
      const earlier = sent(report());
      await pause.reached;
      const suspending = suspend();
      await endedOrWaiting(plane, suspending);
      const later = sent(report());
      await endedOrWaiting(plane, later, 2);
      pause.release();
      await suspending;
      expect((await earlier).status).toBe(201);
      expect(refusal(await later)).toEqual(SUSPENDED);
    });
  });

  it('does not affect later sign-ins', async () => {
    await deactivate().expect(200);
    await deactivate(false).expect(200);
    const { body } = await login().expect(200);
    await refresh(body.refresh_token).expect(200);
  });
});
