import { randomUUID } from 'node:crypto';
import { type OperatorRole, type Scope, SCOPES } from '@atlas/operator-api';
import { Database, insertRow } from '@atlas/persistence';
import { PasswordChecks } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE, asAdmin, eventually } from '@atlas/testing';
import { decodeJwt } from 'jose';
import type supertest from 'supertest';
import { IsNull } from 'typeorm';
import { ApiKey } from '../../src/accounts/api-key.entity';
import { OperatorResetLink } from '../../src/accounts/operator-reset-link.entity';
import { OperatorSession } from '../../src/accounts/operator-session.entity';
import { Operator } from '../../src/accounts/operator.entity';
import { MintedSignupLink } from '../../src/desired-state/minted-signup-link.entity';
import { TenantPlanes } from '../../src/fleet/tenant-planes';
import { Tenant } from '../../src/registry/tenant.entity';
import { PASSWORD, TestControlPlane, provisionBody } from '../control-plane.fixture';
import { Gate, HeldOperator, lockWaits } from '../held-operator.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const NEW_PASSWORD = 'another horse another staple';
const THIRD_PASSWORD = 'a third horse on a staple';
const UNAUTHENTICATED = [401, 'unauthenticated'];

/**
 * Revoking access also stops operations in progress: sign-ins, new keys and links, and changes to passwords
 * and operators. A key expires no later than the key that created it, links are revoked along with the key or
 * operator that issued them, and open streams are closed within 5 s.
 *
 * To see it fail: in `lockOperators`, leave out `takeLocks` (Postgres); have `checkCallerAgain` return
 * `caller`; in `isProvenStill`, leave out `revocations`; in `callerAsOfNow`, read the clock first (Postgres);
 * in `issueOf`, leave out `key`; in `DESCENT`, leave out the second half; in `OngoingAnswers.look`, leave out
 * `end`; in `IssuedLinks.end`, leave out `kind.end`; or in `OperatorPasswords.reset`, leave out `issuedBy`.
 */
describe.each(EVERY_DATABASE)('revocations on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
  });
  afterAll(() => plane.close());

  let made = 0;
  /**
   * Creates an operator with a session and an API key. Both were last
   * used less than a minute ago, so that using them again writes nothing.
   */
  const operator = async (role: OperatorRole = 'admin') => {
    const email = `revoked-${role}-${(made += 1)}@example.com`;
    await plane.createOperator(email, role);
    const [{ id = '' } = {}] = await plane.rows(Operator, { email });
    const session = await plane.login(email);
    const scopes: Scope[] = ['api_keys:write', 'tenants:read', ...(role === 'owner' ? OWNERS : [])];
    const key = role === 'support' ? '' : await plane.createApiKey(scopes, session);
    await Promise.all([statusOf(session), statusOf(key)]);
    return { id, email, session, key };
  };
  const OWNERS: Scope[] = ['operators:write'];
  const statusOf = async (token: string) => (await plane.get('/api/auth/me', { token })).status;
  const signIn = (email: string, password = PASSWORD) =>
    plane.post('/api/auth/login', { email, password }, { token: null });
  const change = (id: string, body: object, token?: string) =>
    plane.patch(`/api/operators/${id}`, body, { token });
  const logOut = (token: string) => plane.post('/api/auth/logout', undefined, { token });
  const setDisabled = (id: string, disabled: boolean) => change(id, { disabled }).expect(200);
  const newKey = (token: string, body: object = {}) =>
    plane.post('/api/api-keys', { name: 'k', scopes: ['tenants:read'], ...body }, { token });
  const revokeKey = (key: string, token?: string) =>
    plane.delete(`/api/api-keys/${key.split('_')[1]}`, { token });
  const issueLink = async (id: string): Promise<string> =>
    (await plane.post(`/api/operators/${id}/reset-link`).expect(201)).body.token;
  const reset = (token: string, password = NEW_PASSWORD) =>
    plane.post('/api/auth/reset-password', { token, password }, { token: null });
  const changePassword = (token: string, new_password = NEW_PASSWORD, current_password = PASSWORD) =>
    plane.post('/api/auth/password', { current_password, new_password }, { token });

  /** Runs `meanwhile` after the password has been found to match, but before the request continues. */
  const whileChecked = async (
    call: supertest.Test,
    meanwhile: () => Promise<unknown>,
  ): Promise<supertest.Response> => {
    const checks = plane.app.get(PasswordChecks);
    const matches = checks.matches.bind(checks);
    const [checked, free] = [new Gate(), new Gate()];
    const paused = jest.spyOn(checks, 'matches').mockImplementationOnce(async (...given) => {
      const isRight = await matches(...given);
      checked.open();
      await free.opened;
      return isRight;
    });
    const answer = call.then((response) => response);
    await checked.opened;
    await meanwhile();
    free.open();
    paused.mockRestore();
    return answer;
  };

  const queued = <T extends readonly supertest.Test[]>(id: string, ...calls: T) =>
    HeldOperator.queue(plane, id, ...calls);

  describe('a sign-in whose password has already matched', () => {
    const revocations: [string, (who: { id: string; session: string }) => Promise<unknown>][] = [
      ['the operator is disabled', ({ id }) => setDisabled(id, true)],
      [
        'the operator is disabled and enabled again',
        ({ id }) => setDisabled(id, true).then(() => setDisabled(id, false)),
      ],
      ['the operator is demoted', ({ id }) => change(id, { role: 'support' }).expect(200)],
      ['the password is reset', async ({ id }) => reset(await issueLink(id)).expect(200)],
      ['the password is changed', ({ session }) => changePassword(session).expect(204)],
      [
        'the password is changed and changed back',
        async ({ session }) => {
          await changePassword(session).expect(204);
          await changePassword(session, PASSWORD, NEW_PASSWORD).expect(204);
        },
      ],
    ];
    it.each(revocations)('creates no session after %s', async (_, revoke) => {
      const who = await operator();
      const live = { operatorId: who.id, revokedAt: IsNull() };
      const answer = await whileChecked(signIn(who.email), () => revoke(who));
      expect(refusal(answer)).toEqual([401, 'invalid_credentials']);
      const left = await plane.rows(OperatorSession, live);
      // Changing the password does not revoke the session that requested the change.
      expect(left.filter(({ id }) => !who.session.includes(id))).toEqual([]);
    });

    it('creates a session with the new role if the operator is promoted in the meantime', async () => {
      const { id, email } = await operator('support');
      const answer = await whileChecked(signIn(email), () => change(id, { role: 'admin' }).expect(200));
      expect([answer.status, answer.body.operator.role]).toEqual([200, 'admin']);
    });
  });

  describe('a password change', () => {
    it('is refused if the password is reset after the current one was checked', async () => {
      const { id, email, session } = await operator();
      const link = await issueLink(id);
      const answer = await whileChecked(changePassword(session, THIRD_PASSWORD), () =>
        reset(link).expect(200),
      );
      expect(refusal(answer)).toEqual(UNAUTHENTICATED);
      expect([
        (await signIn(email, THIRD_PASSWORD)).status,
        (await signIn(email, NEW_PASSWORD)).status,
      ]).toEqual([401, 200]);
    });

    it('succeeds for only one of two callers who give the same current password', async () => {
      const { email, session } = await operator();
      const other = await plane.login(email);
      const first = changePassword(session);
      const second = await whileChecked(changePassword(other, THIRD_PASSWORD), () => first.expect(204));
      expect(refusal(second)).toEqual(UNAUTHENTICATED);
      const same = changePassword(session, THIRD_PASSWORD, NEW_PASSWORD);
      const third = await whileChecked(changePassword(session, PASSWORD, NEW_PASSWORD), () =>
        same.expect(204),
      );
      expect(refusal(third)).toEqual([403, 'wrong_password']);
      expect((await signIn(email, THIRD_PASSWORD)).status).toBe(200);
    });

    it('is refused if the operator is disabled and enabled again in the meantime', async () => {
      const { id, email, session } = await operator();
      const answer = await whileChecked(changePassword(session), async () => {
        await setDisabled(id, true);
        await setDisabled(id, false);
      });
      expect(refusal(answer)).toEqual(UNAUTHENTICATED);
      expect((await signIn(email)).status).toBe(200);
    });

    it('is refused if the new password is the old one, and so revokes no links or sessions', async () => {
      const { id, email, session } = await operator();
      const [other, link] = [await plane.login(email), await issueLink(id)];
      expect(refusal(await changePassword(session, PASSWORD))).toEqual([422, 'password_unchanged']);
      expect(refusal(await changePassword(session, 'wrong password 1', 'wrong password 1'))).toEqual([
        403,
        'wrong_password',
      ]);
      expect(await statusOf(other)).toBe(200);
      expect((await reset(link)).status).toBe(200);
    });
  });

  describe('a reset link', () => {
    const live = (operatorId: string) => plane.count(OperatorResetLink, { operatorId, endedAt: IsNull() });

    it("replaces its operator's other links, even if several are issued at once", async () => {
      const { id } = await operator();
      const tokens = await Promise.all(Array.from({ length: 6 }, () => issueLink(id)));
      expect(await live(id)).toBe(1);
      const answers = await Promise.all(tokens.map((token) => reset(token)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410, 410, 410, 410]);
      expect(await live(id)).toBe(0);
    });

    it('works just before a newer link is issued, but not just after', async () => {
      const { id } = await operator();
      const link = await issueLink(id);
      const [used, next] = await queued(id, reset(link), plane.post(`/api/operators/${id}/reset-link`));
      expect([used.status, next.status]).toEqual([200, 201]);
      const again = await issueLink(id);
      const [newer, older] = await queued(id, plane.post(`/api/operators/${id}/reset-link`), reset(again));
      expect([newer.status, refusal(older)]).toEqual([201, [410, 'invalid_reset_link']]);
    });

    it('does not remain valid if its operator is disabled while the link is being issued', async () => {
      const [first, second] = [await operator(), await operator()];
      const path = ({ id }: { id: string }) => `/api/operators/${id}/reset-link`;
      const [disabled, refused] = await queued(
        first.id,
        change(first.id, { disabled: true }),
        plane.post(path(first)),
      );
      expect([disabled.status, refusal(refused)]).toEqual([200, [409, 'operator_disabled']]);
      const [issued] = await queued(
        second.id,
        plane.post(path(second)),
        change(second.id, { disabled: true }),
      );
      await setDisabled(second.id, false);
      expect([issued.status, refusal(await reset(issued.body.token))]).toEqual([
        201,
        [410, 'invalid_reset_link'],
      ]);
    });

    it('is invalid once its operator has been disabled, even if the operator is enabled again', async () => {
      const { id, email } = await operator();
      const link = await issueLink(id);
      const [, , late] = await queued(
        id,
        change(id, { disabled: true }),
        change(id, { disabled: false }),
        reset(link),
      );
      expect(refusal(late)).toEqual([410, 'invalid_reset_link']);
      expect((await signIn(email)).status).toBe(200);
    });
  });

  describe('an API key', () => {
    it('does not remain valid if its operator is disabled while the key is being created', async () => {
      for (const credential of ['session', 'key'] as const) {
        const [first, second] = [await operator(), await operator()];
        const [, late] = await queued(
          first.id,
          change(first.id, { disabled: true }),
          newKey(first[credential]),
        );
        expect(refusal(late)).toEqual(UNAUTHENTICATED);
        const [early] = await queued(
          second.id,
          newKey(second[credential]),
          change(second.id, { disabled: true }),
        );
        expect(early.status).toBe(201);
        for (const { id } of [first, second]) {
          await setDisabled(id, false);
          expect(await plane.count(ApiKey, { operatorId: id, revokedAt: IsNull() })).toBe(0);
        }
        expect(await statusOf(early.body.key)).toBe(401);
      }
    });

    it('cannot be created by a session or key that is being revoked', async () => {
      const { id, email, session, key } = await operator();
      const sessions = [session, await plane.login(email), await plane.login(email)] as const;
      await Promise.all(sessions.map(statusOf));
      const end = plane.delete(`/api/auth/sessions/${sessions[1].split('_')[1]}`, { token: session });
      const out = plane.post('/api/auth/logout', undefined, { token: sessions[2] });
      for (const [revocation, credential] of [
        [end, sessions[1]],
        [out, sessions[2]],
        [revokeKey(key, session), key],
        [reset(await issueLink(id)), await plane.login(email)],
      ] as const) {
        await statusOf(credential);
        const [revoked, late] = await queued(id, revocation, newKey(credential));
        expect([revoked.ok, refusal(late)]).toEqual([true, UNAUTHENTICATED]);
      }
    });

    it('is not created if its creator loses the required scopes while the request is waiting', async () => {
      const { id, key } = await operator();
      const [, late] = await queued(id, change(id, { role: 'support' }), newKey(key));
      expect(refusal(late)).toEqual([403, 'forbidden']);
    });

    it('expires no later than the key that created it', async () => {
      const { session } = await operator();
      const scopes = ['api_keys:write', 'tenants:read'];
      const { body: parent } = await newKey(session, { scopes, ttl_seconds: 600 }).expect(201);
      const { body: child } = await newKey(parent.key, { scopes, ttl_seconds: 3600 }).expect(201);
      const { body: short } = await newKey(child.key, { ttl_seconds: 60 }).expect(201);
      const until = (seconds: number) => new Date(plane.clock.now().getTime() + seconds * 1000).toISOString();
      expect([parent, child, short].map((key) => key.expires_at)).toEqual([
        until(600),
        until(600),
        until(60),
      ]);
      const { items } = (await plane.get('/api/api-keys?limit=200')).body;
      const parentOf = ({ id }: { id: string }) =>
        items.find((key: { id: string }) => key.id === id).parent_id;
      expect([parent, child, short].map(parentOf)).toEqual([null, parent.id, child.id]);
      plane.clock.advance(600);
      expect(await statusOf(child.key)).toBe(401);
    });

    it('is refused, like a session, if it expires while a request is waiting', async () => {
      const { id, session, key } = await operator();
      const expiresAt = new Date(plane.clock.now().getTime() + 60_000);
      await plane.change(ApiKey, { operatorId: id }, { expiresAt });
      await plane.change(OperatorSession, { operatorId: id }, { expiresAt });
      await using held = await HeldOperator.hold(plane, id);
      const cell = { region: 'eu', capacity: 1 };
      const late = [
        plane.post('/api/tenant-planes', { ...cell, name: 'of-a-session' }, { token: session }),
        newKey(key),
      ].map((call) => call.then(refusal));
      await held.untilWaiting(late.length);
      plane.clock.advance(61);
      await held.release();
      expect(await Promise.all(late)).toEqual([UNAUTHENTICATED, UNAUTHENTICATED]);
    });

    it('is revoked along with all keys that it created, directly or indirectly', async () => {
      const { session } = await operator();
      const scopes = ['api_keys:write', 'tenants:read'];
      const make = async (token: string): Promise<string> => (await newKey(token, { scopes })).body.key;
      const root = await make(session);
      const [left, right] = [await make(root), await make(root)];
      const leaf = await make(await make(left));
      expect((await revokeKey(left, session)).status).toBe(204);
      expect(await Promise.all([root, left, leaf, right].map(statusOf))).toEqual([200, 401, 401, 200]);
      const [entry] = (await plane.get('/api/audit?limit=1')).body.items;
      expect(entry).toMatchObject({ action: 'api_key.revoked', after: { revoked_with_it: 2 } });
      expect((await revokeKey(root, session)).status).toBe(204);
      expect(await statusOf(right)).toBe(401);
    });

    it('is revoked along with the key that created it, even while being created', async () => {
      const { id, session, key } = await operator();
      const [child, revoked] = await queued(id, newKey(key), revokeKey(key, session));
      expect([child.status, revoked.status]).toEqual([201, 204]);
      expect(await statusOf(child.body.key)).toBe(401);
    });

    it('is shown again only to a caller who still has access', async () => {
      const { id, session } = await operator();
      const body = { name: 'k', scopes: ['tenants:read'] };
      const repeat = { token: session, headers: { 'idempotency-key': 'shown-again' } };
      await plane.post('/api/api-keys', body, repeat).expect(201);
      await setDisabled(id, true);
      expect(refusal(await plane.post('/api/api-keys', body, repeat))).toEqual(UNAUTHENTICATED);
      await setDisabled(id, false);
      expect(refusal(await plane.post('/api/api-keys', body, repeat))).toEqual(UNAUTHENTICATED);
    });
  });

  type Issuer = Awaited<ReturnType<typeof operator>>;
  /** Events that sign the issuer out, but do not withdraw the right to issue links. */
  const SIGNED_OUT: [string, (who: Issuer) => Promise<unknown>][] = [
    ['signs out', ({ session }) => logOut(session)],
    ['changes their password', ({ session }) => changePassword(session).expect(204)],
    ['has their password reset', async ({ id }) => reset(await issueLink(id)).expect(200)],
  ];
  const disabledForAMoment = ({ id }: Issuer) => setDisabled(id, true).then(() => setDisabled(id, false));

  describe('a reset link for another operator', () => {
    const OWNER_KEY: Scope[] = ['operators:write', 'api_keys:write'];
    const pathOf = ({ id }: Pick<Issuer, 'id'>) => `/api/operators/${id}/reset-link`;
    const linkBy = async (token: string, whose: Issuer): Promise<string> =>
      (await plane.post(pathOf(whose), undefined, { token }).expect(201)).body.token;
    const keyBy = async (token: string): Promise<string> =>
      (await newKey(token, { scopes: OWNER_KEY }).expect(201)).body.key;
    const GONE = [410, 'invalid_reset_link'];

    it("is revoked along with the API key that issued it, or with that key's parent", async () => {
      const { session } = await operator('owner');
      const [first, second, third] = [await operator(), await operator('owner'), await operator()];
      const key = await keyBy(session);
      const child = await keyBy(key);
      const links = [await linkBy(key, first), await linkBy(child, second), await linkBy(session, third)];
      expect((await revokeKey(key, session)).status).toBe(204);
      const [entry] = (await plane.get('/api/audit?limit=1')).body.items;
      expect(entry).toMatchObject({
        action: 'api_key.revoked',
        after: { revoked_with_it: 1, links_ended: 2 },
      });
      const answers = await Promise.all(links.map((link) => reset(link)));
      expect(answers.map(refusal)).toEqual([GONE, GONE, [200, undefined]]);
      expect([(await signIn(first.email)).status, (await signIn(second.email)).status]).toEqual([200, 200]);
    });

    it.each<[string, (who: Issuer) => Promise<unknown>]>([
      ['is disabled, even if enabled again', disabledForAMoment],
      [
        'is demoted, even if promoted again',
        async ({ id }) => {
          await change(id, { role: 'admin' }).expect(200);
          await change(id, { role: 'owner' }).expect(200);
        },
      ],
    ])('is revoked when the owner who issued it %s', async (_, revoke) => {
      const [owner, first, second] = [await operator('owner'), await operator(), await operator()];
      const links = [await linkBy(owner.session, first), await linkBy(owner.key, second)];
      await revoke(owner);
      for (const link of links) expect(refusal(await reset(link))).toEqual(GONE);
    });

    it.each(SIGNED_OUT)(
      'stays valid, as an API key does, when the owner who issued it %s',
      async (_, happens) => {
        const [owner, other] = [await operator('owner'), await operator()];
        const link = await linkBy(owner.session, other);
        await happens(owner);
        expect([await statusOf(owner.key), (await reset(link)).status]).toEqual([200, 200]);
      },
    );

    it('expires no later than the API key that issued it', async () => {
      const [{ session }, other] = [await operator('owner'), await operator()];
      const short = await newKey(session, { scopes: OWNER_KEY, ttl_seconds: 600 }).expect(201);
      const { body } = await plane.post(pathOf(other), undefined, { token: short.body.key }).expect(201);
      expect(body.expires_at).toBe(short.body.expires_at);
    });

    it('is revoked along with its API key even while being issued, unless it is used first', async () => {
      const owner = await operator('owner');
      const others = await Promise.all(Array.from({ length: 3 }, () => operator()));
      const [first, second, third] = others as [Issuer, Issuer, Issuer];
      const keys = [
        await keyBy(owner.session),
        await keyBy(owner.session),
        await keyBy(owner.session),
      ] as const;
      await Promise.all(keys.map(statusOf));
      const issue = plane.post(pathOf(first), undefined, { token: keys[0] });
      const [issued] = await queued(owner.id, issue, revokeKey(keys[0], owner.session));
      expect([issued.status, refusal(await reset(issued.body.token))]).toEqual([201, GONE]);
      const late = await linkBy(keys[1], second);
      const [revoked, refused] = await queued(owner.id, revokeKey(keys[1], owner.session), reset(late));
      expect([revoked.status, refusal(refused)]).toEqual([204, GONE]);
      const early = await linkBy(keys[2], third);
      const [used] = await queued(owner.id, reset(early), revokeKey(keys[2], owner.session));
      expect([used.status, (await signIn(third.email, NEW_PASSWORD)).status]).toEqual([200, 200]);
    });
  });

  describe("a tenant's sign-up link", () => {
    const ISSUING: Scope[] = ['tenants:write', 'api_keys:write'];
    let [cell, other]: PlaneSimulator[] = [];
    beforeAll(async () => {
      cell = await plane.enrolledCell({ region: 'links' });
      other = await plane.enrolledCell({ region: 'more-links' });
    });
    const tenantIn = async (home: PlaneSimulator | undefined, region: string): Promise<string> => {
      const { id } = (await plane.provision({ region }).expect(202)).body.tenant;
      await home?.serve(id);
      await eventually(async () => (await plane.count(Tenant, { id, status: 'active' })) === 1);
      await pulled(home);
      return id;
    };
    const mint = (id: string, token: string) =>
      plane.post(`/api/tenants/${id}/signup-link`, undefined, { token });
    const minted = async (id: string, token: string): Promise<string> =>
      jtiOf((await mint(id, token).expect(201)).body.token);
    const jtiOf = (token: string): string => String(decodeJwt(token).jti);
    /** Returns each tenant's links from the changes since the cell's last pull. */
    const pulled = async (home = cell) => {
      const known = home?.revision;
      const { body } = (await home?.pull(0, known)) ?? {};
      const { tenants = [] } = (body ?? {}) as { tenants?: { tenant_id: string; signup_links?: object }[] };
      return new Map(tenants.map(({ tenant_id, signup_links }) => [tenant_id, signup_links]));
    };

    it("is revoked with the API key that issued it, and only the tenant's plane is notified", async () => {
      const { session } = await operator();
      const [id, without] = [await tenantIn(cell, 'links'), await tenantIn(cell, 'links')];
      const elsewhere = await tenantIn(other, 'more-links');
      const { key } = (await newKey(session, { scopes: ISSUING }).expect(201)).body;
      const child = (await newKey(key, { scopes: ISSUING }).expect(201)).body.key;
      const first = await minted(id, key);
      plane.clock.advance(1);
      const second = await minted(id, child);
      const third = await minted(elsewhere, key);
      await minted(without, session);
      expect([await pulled(), await pulled(other)]).toEqual([new Map(), new Map()]);
      expect((await revokeKey(key, session)).status).toBe(204);
      const [entry] = (await plane.get('/api/audit?limit=1')).body.items;
      expect(entry).toMatchObject({ after: { revoked_with_it: 1, links_ended: 3 } });
      expect([await pulled(), await pulled(other)]).toEqual([
        new Map([[id, { revoked: [second, first], carried: [] }]]),
        new Map([[elsewhere, { revoked: [third], carried: [] }]]),
      ]);
    });

    it.each<[string, (who: Issuer) => Promise<unknown>]>([
      ['is disabled, even if enabled again', disabledForAMoment],
      ['loses the right to issue such links', ({ id }) => change(id, { role: 'support' }).expect(200)],
    ])('is revoked when the operator who issued it %s', async (_, revoke) => {
      const [who, id] = [await operator(), await tenantIn(cell, 'links')];
      const jti = await minted(id, who.session);
      await revoke(who);
      const [entry] = (await plane.get('/api/audit?limit=2')).body.items.filter(
        ({ after }: { after: object }) => 'links_ended' in after,
      );
      expect(entry).toMatchObject({ action: 'operator.changed', after: { links_ended: 1 } });
      expect(await pulled()).toEqual(new Map([[id, { revoked: [jti], carried: [] }]]));
      // No link is left to revoke.
      await change(who.id, { disabled: true }).expect(200);
      expect(await pulled()).toEqual(new Map());
    });

    it.each<[string, (who: Issuer) => Promise<unknown>]>([
      ...SIGNED_OUT,
      ['is demoted, but may still issue such links', ({ id }) => change(id, { role: 'admin' }).expect(200)],
    ])('stays valid, as an API key does, when the operator who issued it %s', async (_, happens) => {
      const [who, id] = [await operator('owner'), await tenantIn(cell, 'links')];
      await minted(id, who.session);
      await happens(who);
      expect(await pulled()).toEqual(new Map());
      expect(await plane.count(MintedSignupLink, { tenantId: id, revokedAt: IsNull() })).toBe(1);
    });

    it('expires no later than the API key that issued it', async () => {
      const [{ session }, id] = [await operator(), await tenantIn(cell, 'links')];
      const short = await newKey(session, { scopes: ISSUING, ttl_seconds: 600 }).expect(201);
      const { body } = await mint(id, short.body.key).expect(201);
      expect(body.expires_at).toBe(short.body.expires_at);
      expect(decodeJwt(body.token).exp).toBe(Date.parse(short.body.expires_at) / 1000);
    });

    it('is revoked with its API key even while being issued, and cannot be issued afterwards', async () => {
      const [who, id] = [await operator(), await tenantIn(cell, 'links')];
      const make = async (): Promise<string> =>
        (await newKey(who.session, { scopes: ISSUING }).expect(201)).body.key;
      const [first, second] = [await make(), await make()];
      await Promise.all([first, second].map(statusOf));
      const [early] = await queued(who.id, mint(id, first), revokeKey(first, who.session));
      expect(await pulled()).toEqual(new Map([[id, { revoked: [jtiOf(early.body.token)], carried: [] }]]));
      const [, late] = await queued(who.id, revokeKey(second, who.session), mint(id, second));
      expect(refusal(late)).toEqual(UNAUTHENTICATED);
      expect(await plane.count(MintedSignupLink, { tenantId: id })).toBe(1);
    });

    it('is listed by id if among the 100 newest revoked links; one id covers all older ones', async () => {
      const [who, id] = [await operator(), await tenantIn(cell, 'links')];
      const at = plane.clock.now().getTime();
      const jtis = Array.from({ length: 102 }, (_, n) => uuidv7(new Date(at + n))).reverse();
      const facts = {
        tenantId: id,
        issuedBy: who.id,
        issuedWith: null,
        expiresAt: new Date(at + 60_000),
        revokedAt: null,
      };
      const earlierHome = { issuedBy: null, tenantPlaneId: randomUUID() };
      await plane.app.get(Database).write(async (manager) => {
        for (const jti of jtis)
          await insertRow(manager, MintedSignupLink, { ...facts, jti, tenantPlaneId: cell?.id ?? '' });
        for (const n of [1, 2, 3, 4])
          await insertRow(manager, MintedSignupLink, {
            ...facts,
            ...earlierHome,
            jti: uuidv7(new Date(at + n)),
          });
      });
      await setDisabled(who.id, true);
      const links = (await pulled()).get(id) as { revoked: string[]; carried: string[] };
      expect(links).toEqual({
        revoked: jtis.slice(0, 100),
        revoked_through: jtis[100],
        carried: [...links.carried].sort().reverse(),
      });
      expect(links.carried).toHaveLength(4);
    });

    it('is deleted a day after it expires', async () => {
      const [who, id] = [await operator(), await tenantIn(cell, 'links')];
      await minted(id, who.session);
      const left = async (hours: number): Promise<number> => {
        const expiresAt = new Date(plane.clock.now().getTime() - hours * 3600_000);
        await plane.change(MintedSignupLink, { tenantId: id }, { expiresAt });
        await plane.sweep();
        return plane.count(MintedSignupLink, { tenantId: id });
      };
      expect([await left(23), await left(25)]).toEqual([1, 0]);
    });
  });

  it('are followed by a sweep that deletes old sessions and reset links, but no API keys', async () => {
    const { id, session } = await operator();
    await issueLink(id);
    const [live] = (await plane.rows(OperatorSession, { id: session.split('_')[1] })) as [OperatorSession];
    const left = () =>
      Promise.all(
        [OperatorSession, OperatorResetLink, ApiKey].map((one) => plane.count(one, { operatorId: id })),
      );
    const ended = (days: number) => new Date(plane.clock.now().getTime() - days * 24 * 3600_000);
    await plane.app.get(Database).write(async (manager) => {
      for (let n = 0; n < 501; n += 1)
        await insertRow(manager, OperatorSession, {
          ...live,
          id: `old-${driver}-${n}`,
          expiresAt: ended(31),
        });
    });
    await plane.change(OperatorResetLink, { operatorId: id }, { expiresAt: ended(31) });
    await plane.change(ApiKey, { operatorId: id }, { expiresAt: ended(31) });
    expect(await left()).toEqual([502, 1, 1]);
    await plane.sweep();
    expect(await left()).toEqual([1, 0, 1]);
    await plane.change(OperatorSession, { operatorId: id }, { expiresAt: ended(29) });
    await plane.sweep();
    expect(await left()).toEqual([1, 0, 1]);
  });

  it('are followed by a sweep that deletes old sessions even if another chore fails', async () => {
    const { id } = await operator();
    const expiresAt = new Date(plane.clock.now().getTime() - 31 * 24 * 3600_000);
    await plane.change(OperatorSession, { operatorId: id }, { expiresAt });
    const rename = async (from: string, to: string): Promise<void> => {
      const statement = `alter table ${from} rename to ${to}`;
      const { ownerUrl } = plane.database;
      if (ownerUrl !== undefined) await asAdmin(ownerUrl, (client) => client.query(statement));
      else await plane.app.get(Database).write((manager) => manager.query(statement));
    };
    await rename('signups', 'signups_away');
    try {
      await plane.sweep();
    } finally {
      await rename('signups_away', 'signups');
    }
    expect(await plane.count(OperatorSession, { operatorId: id })).toBe(0);
  });

  it('cover every key created with a revoked key, because no key exists without its parent', async () => {
    const { id } = await operator();
    const orphan = plane.change(ApiKey, { operatorId: id }, { parentId: 'nobody' });
    await expect(orphan).rejects.toThrow(/foreign key/i);
  });

  describe('a key that is being revoked', () => {
    const ID = '01900000-0000-7000-8000-000000000000';
    /** A valid body for each route that takes one. Whether its subject exists is checked later. */
    const BODIES: Readonly<Record<string, object>> = {
      'POST /api/tenants/provision': provisionBody(),
      'POST /api/tenants/:id/billing-state': { state: 'past_due' },
      'POST /api/tenants/:id/move': { deployment_model: 'dedicated' },
      'POST /api/tenants/:id/deprovision': { confirm_slug: 'acme' },
      'PUT /api/tenants/:id/infrastructure': {
        endpoint_url: 'https://acme.example.com',
        db_url: 'postgres://acme:secret@db.example.com/acme',
      },
      'POST /api/event-subscriptions': { url: 'https://93.184.215.14/', events: ['job.failed'] },
      'POST /api/tenant-planes': { name: 'late-cell', region: 'eu', capacity: 10 },
      'POST /api/tenant-planes/:id/rotate-secret': { mode: 'compromised' },
      'POST /api/tenant-planes/:id/keep-copy': { copy: 'original' },
      'POST /api/operators': { email: 'late-key@example.com', role: 'admin' },
      'POST /api/api-keys': { name: 'late', scopes: ['tenants:read'] },
    };
    /**
     * Routes that API keys cannot call, and routes with tests of their own.
     */
    const OTHERS = [
      /^POST \/api\/(auth|signup)\b/,
      /^DELETE \/api\/auth\/sessions\/:id$/,
      /^(POST|PUT) \/api\/(ai|tenant-planes\/(enroll|self))\b/,
      'DELETE /api/api-keys/:id',
    ];
    const isOther = (route: string) =>
      OTHERS.some((one) => (typeof one === 'string' ? one === route : one.test(route)));
    const READS_A_SECRET = 'GET /api/tenants/:id/db-url';

    it('is refused on every route that changes something or returns a secret', async () => {
      const changing = plane.routes.filter((route) => /^(POST|PUT|PATCH|DELETE) /.test(route));
      const routes = [...changing.filter((route) => !isOther(route)), READS_A_SECRET];
      expect(routes.length).toBeGreaterThan(25);
      const [{ id } = { id: '' }] = await plane.rows(Operator, { email: 'owner@example.com' });
      await statusOf(plane.apiKey);
      const outcomes: Record<string, unknown> = {};
      for (const [n, route] of routes.entries()) {
        const key = await plane.createApiKey(SCOPES);
        expect(await statusOf(key)).toBe(200);
        const [method = '', path = ''] = route.split(' ');
        const url = path.replace(/:\w+/g, ID);
        const options = { token: key, ...(n % 2 && { headers: { 'idempotency-key': `late-${n}` } }) };
        const call = {
          GET: () => plane.get(url, options),
          POST: () => plane.post(url, BODIES[route] ?? {}, options),
          PUT: () => plane.put(url, BODIES[route] ?? {}, options),
          PATCH: () => plane.patch(url, BODIES[route] ?? {}, options),
          DELETE: () => plane.delete(url, options),
        }[method];
        if (!call) throw new Error(`No call is defined for ${route}.`);
        const [revoked, late] = await queued(id, revokeKey(key), call());
        outcomes[route] = [revoked.status, ...refusal(late)];
      }
      expect(outcomes).toEqual(Object.fromEntries(routes.map((route) => [route, [204, ...UNAUTHENTICATED]])));
    });
  });

  // Runs on Postgres only, because SQLite serialises writers.
  (driver === 'postgres' ? describe : describe.skip)('for an operator who keeps writing', () => {
    const KEYS: Scope[] = ['api_keys:write', 'planes:write'];
    let who: { id: string; email: string; session: string; key: string };
    beforeEach(async () => {
      const made = await operator();
      who = { ...made, key: await plane.createApiKey(KEYS, made.session) };
      await statusOf(who.key);
    });
    const register = (token: string) =>
      plane
        .post('/api/tenant-planes', { name: `cell-${(made += 1)}`, region: 'eu', capacity: 1 }, { token })
        .then(({ status }) => status);

    /** Holds the next registration once its work is done, but before it is committed. */
    const holdRegistration = (): { readonly reached: Gate; readonly released: Gate } => {
      const planes = plane.app.get(TenantPlanes);
      const work = planes.register.bind(planes);
      const [reached, released] = [new Gate(), new Gate()];
      jest.spyOn(planes, 'register').mockImplementationOnce(async (...given) => {
        const result = await work(...given);
        reached.open();
        await released.opened;
        return result;
      });
      return { reached, released };
    };

    it.each<[string, 'session' | 'key', () => supertest.Test, number]>([
      ['disabling the operator', 'key', () => change(who.id, { disabled: true }), 401],
      ['demoting the operator', 'key', () => change(who.id, { role: 'support' }), 403],
      ['revoking the key', 'key', () => revokeKey(who.key, who.session), 401],
      ['signing out', 'session', () => logOut(who.session), 401],
      ['signing in', 'key', () => signIn(who.email), 201],
    ])('take effect before writes that begin later: %s', async (_, credential, revoke, refused) => {
      const { reached, released } = holdRegistration();
      const earlier = register(who[credential]);
      await reached.opened;
      const ended: string[] = [];
      const revoking = revoke().then(({ ok }) => (ended.push('revocation'), ok));
      const waiting = (count: number) => async () =>
        ended.length > 0 || (await lockWaits(plane.app.get(Database))) >= count;
      await eventually(waiting(1), { everyMs: 5 });
      const later = register(who[credential]).then((status) => (ended.push('later write'), status));
      await eventually(waiting(2), { everyMs: 5 });
      released.open();
      expect([await earlier, await revoking, await later]).toEqual([201, true, refused]);
      expect(ended).toEqual(['revocation', 'later write']);
    });

    it('are acknowledged promptly, and no later write succeeds', async () => {
      const { reached, released } = holdRegistration();
      const callers = Array.from({ length: 5 }, async () => {
        for (let status = 201; status === 201;) status = await register(who.key);
      });
      await reached.opened;
      let isOver = false;
      const revoking = change(who.id, { disabled: true }).then(({ status }) => ((isOver = true), status));
      // Only the held write delays the revocation, because the other callers wait until it is over.
      const areWaiting = async () => isOver || (await lockWaits(plane.app.get(Database))) >= callers.length;
      const what = 'the other callers wait for the revocation';
      await eventually(areWaiting, { everyMs: 5, what }).finally(() => released.open());
      expect([isOver, await register(who.key), await revoking]).toEqual([false, 401, 200]);
      await Promise.all(callers);
    });
  });

  describe('an owner who is losing access', () => {
    it.each(['session', 'key'] as const)(
      'can no longer use their %s to change operators once disabled',
      async (credential) => {
        const other = await operator();
        const attempts: ((token: string) => supertest.Test)[] = [
          (token) => change(other.id, { role: 'owner' }, token),
          (token) => plane.post(`/api/operators/${other.id}/reset-link`, undefined, { token }),
          (token) => plane.post('/api/operators', { email: 'late@example.com', role: 'owner' }, { token }),
          (token) => revokeKey(other.key, token),
        ];
        for (const attempt of attempts) {
          const owner = await operator('owner');
          const [disabled, late] = await queued(
            owner.id,
            change(owner.id, { disabled: true }),
            attempt(owner[credential]),
          );
          expect([disabled.status, refusal(late)]).toEqual([200, UNAUTHENTICATED]);
        }
        expect(await plane.count(Operator, { email: 'late@example.com' })).toBe(0);
        expect(await plane.count(OperatorResetLink, { operatorId: other.id })).toBe(0);
        expect(await plane.count(Operator, { id: other.id, role: 'owner' })).toBe(0);
        expect(await statusOf(other.key)).toBe(200);
      },
    );

    it('can no longer use their key to change operators once demoted', async () => {
      const [owner, other] = [await operator('owner'), await operator()];
      const [demoted, late] = await queued(
        owner.id,
        change(owner.id, { role: 'admin' }),
        change(other.id, { disabled: true }, owner.key),
      );
      expect([demoted.status, refusal(late)]).toEqual([200, [403, 'forbidden']]);
    });
  });
});
