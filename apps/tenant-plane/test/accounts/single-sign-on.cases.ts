import { randomBytes, randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { NO_PASSWORD } from '@atlas/platform';
import { type SignedIn } from '@atlas/tenant-api/accounts';
import { type LedgerEntry } from '@atlas/tenant-api/residency';
import { type UserRole } from '@atlas/tenant-api/users';
import {
  CookieBrowser,
  EVERY_DATABASE,
  FixedClock,
  OpenIdProvider,
  type ProviderUser,
  badSignOnReturns,
  eventually,
} from '@atlas/testing';
import type supertest from 'supertest';
import { Session } from '../../src/credentials/session.entity';
import { Sessions } from '../../src/credentials/sessions';
import { UserIdentity } from '../../src/credentials/user-identity.entity';
import { UserTokens } from '../../src/credentials/user-tokens';
import { User } from '../../src/credentials/user.entity';
import { Incidents } from '../../src/incidents/incidents';
import { Pause, countRetries, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane, hostOf } from '../tenant-plane.fixture';

const refusal = ({ status, body }: supertest.Response) => [status, body.code];
const UNKNOWN = [403, 'sign_on_unknown_account'];
const NOT_BEGUN = [401, 'sign_on_not_begun'];
const REFUSED = [401, 'sign_on_refused'];

const originOf = (slug: string) => `http://${hostOf(slug)}`;
const redirectUriOf = (slug: string) => `${originOf(slug)}/api/auth/oidc/callback`;

/**
 * Signs in at a real provider whose tokens the tests can alter in transit. Only the browser and tenant that
 * began an attempt can finish it, within 10 minutes, and a code works only once. Signing in creates a user
 * only if the admin allows it and the email domain is listed, and never creates an admin. A tenant's provider
 * cannot be used to reach our own network. To see it fail: in `SingleSignOn.finish`, leave out `state`; in
 * `SignOnAttempts.open`, leave out `audience` or `currentDate`; in `firstTime`, leave out the check of the
 * issuer; in `UserSignOn.create`, leave out `emailDomains`; in `IdentityProviders.clientOf`, set `publicOnly:
 * false`; in provider-fetch.ts, leave out `lookup`; or give `IdentityProviders.redirectUri` another base.
 */
describe.each(EVERY_DATABASE)('users who sign in through an OpenID provider, on %s', (driver) => {
  const clock = new FixedClock();
  let provider: OpenIdProvider;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  beforeAll(async () => {
    provider = await OpenIdProvider.start();
    await provider.register({ clientId: 'acme', redirectUri: redirectUriOf('acme') });
    await provider.register({ clientId: 'globex', redirectUri: redirectUriOf('globex') });
    plane = await TestTenantPlane.boot(driver, { clock });
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
    const globex = await plane.tenantWithAdmin('globex');
    await configure({});
    const body = { issuer: provider.issuer, client_id: 'globex' };
    await plane.put('/api/identity-provider', body, globex.admin).expect(200);
  });
  afterAll(async () => {
    await plane.close();
    await provider.stop();
  });
  afterEach(() => (provider.tampering = undefined));

  const configure = (changes: object) =>
    plane.put('/api/identity-provider', { issuer: provider.issuer, client_id: 'acme', ...changes }, admin);
  const call = (path: string, browser: CookieBrowser, slug = 'acme') =>
    plane.get(path, { host: hostOf(slug), headers: { cookie: browser.cookiesOf(originOf(slug)) } });
  /** Signs in at the provider, and returns the address to which the provider redirects the browser. */
  const comeBack = async (user: ProviderUser, browser: CookieBrowser, slug = 'acme'): Promise<string> => {
    const start = await call('/api/auth/oidc/start', browser, slug);
    expect([start.status, start.body]).toEqual([303, {}]);
    browser.keep(originOf(slug), start.get('set-cookie'));
    return provider.signIn(browser, start.get('location') ?? '', user);
  };
  const arrive = async (url: string, browser: CookieBrowser, slug = 'acme') => {
    const answer = await call(url.slice(new URL(url).origin.length), browser, slug);
    browser.keep(originOf(slug), answer.get('set-cookie'));
    return answer;
  };
  const signIn = async (user: ProviderUser, browser = new CookieBrowser()) =>
    arrive(await comeBack(user, browser), browser);
  const userOf = async (email: string) =>
    (await plane.rows(tenant, User)).find((user) => user.email === email);

  it('are linked to their existing account, and get a session cookie', async () => {
    const { id } = await plane.user(tenant, 'operator', { email: 'ann@example.com' });
    const browser = new CookieBrowser();
    const answer = await signIn({ sub: 'ann', email: 'Ann@Example.com', email_verified: true }, browser);
    expect([answer.status, answer.get('location'), answer.text]).toEqual([303, '/', '']);
    expect(answer.get('set-cookie')).toEqual([
      'atlas_sign_on=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax',
      expect.stringMatching(/^atlas_session=atu_[\w-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/),
    ]);
    expect((await call('/api/auth/me', browser)).body.user).toMatchObject({ id, role: 'operator' });
    const [linked] = await plane.audit(tenant, 'user.sign_on_linked');
    expect(linked).toMatchObject({ actorId: id, targetId: id, after: { subject: 'ann' } });
    expect((await plane.audit(tenant, 'user.signed_in')).at(-1)?.after).toEqual({ method: 'single_sign_on' });
    // From now on, the subject identifies the user, regardless of the email address.
    expect((await signIn({ sub: 'ann', email: 'anna@example.org' })).status).toBe(303);
    const other = await signIn({ sub: 'other', email: 'ann@example.com', email_verified: true });
    expect(refusal(other)).toEqual(UNKNOWN);
  });

  it('cause calls to the provider, which are listed for their tenant alone, without any value', async () => {
    const { admin: other } = await plane.tenantWithAdmin('initech');
    await plane.user(tenant, 'operator', { email: 'una@example.com' });
    await signIn({ sub: 'una', email: 'una@example.com', email_verified: true });
    const ledger = async (as: CallOptions): Promise<LedgerEntry[]> =>
      (await plane.get('/api/residency/ledger', as).expect(200)).body.items;
    const calls = await ledger(admin);
    const { origin } = new URL(provider.issuer);
    for (const call of calls)
      expect(call).toMatchObject({ class: 'sign_on', destination: origin, refused: false });
    const fields = ['client_id', 'code', 'code_verifier', 'grant_type', 'redirect_uri'];
    expect(calls).toContainEqual(expect.objectContaining({ fields }));
    expect(await ledger(other)).toEqual([]);
  });

  it('cause calls whose queries the provider chooses, and the ledger lists nothing of these', async () => {
    const other = await OpenIdProvider.start();
    other.endpointQuery = '?realm=secret-realm';
    await other.register({ clientId: 'umbrella', redirectUri: redirectUriOf('umbrella') });
    const { tenant: umbrella, admin: theirs } = await plane.tenantWithAdmin('umbrella');
    const body = { issuer: other.issuer, client_id: 'umbrella' };
    await plane.put('/api/identity-provider', body, theirs).expect(200);
    await plane.user(umbrella, 'operator', { email: 'vic@example.com' });
    const browser = new CookieBrowser();
    const start = await call('/api/auth/oidc/start', browser, 'umbrella');
    browser.keep(originOf('umbrella'), start.get('set-cookie'));
    const vic = { sub: 'vic', email: 'vic@example.com', email_verified: true };
    const back = await other.signIn(browser, start.get('location') ?? '', vic);
    expect((await arrive(back, browser, 'umbrella')).status).toBe(303);
    await other.stop();
    const calls: LedgerEntry[] = (await plane.get('/api/residency/ledger', theirs).expect(200)).body.items;
    const fields = ['?', 'client_id', 'code', 'code_verifier', 'grant_type', 'redirect_uri'];
    expect(calls).toContainEqual(expect.objectContaining({ fields, refused: false }));
    const [keys] = calls.filter((one) => one.fields.join() === '?');
    expect(keys?.bytes).toBe('realm=secret-realm'.length * (keys?.count ?? 0));
    expect(JSON.stringify(calls)).not.toContain('realm');
  });

  it('cause no entry in the ledger if the provider cannot be reached', async () => {
    const { admin: theirs } = await plane.tenantWithAdmin('hooli');
    const body = { issuer: 'http://127.0.0.1:1', client_id: 'hooli' };
    await plane.put('/api/identity-provider', body, theirs).expect(200);
    expect((await call('/api/auth/oidc/start', new CookieBrowser(), 'hooli')).status).toBeGreaterThan(399);
    expect((await plane.get('/api/residency/ledger', theirs).expect(200)).body.items).toEqual([]);
  });

  it('are signed in only if the previous session of their browser can be revoked', async () => {
    await plane.user(tenant, 'operator', { email: 'fay@example.com' });
    const { session } = await plane.user(tenant, 'operator');
    const browser = new CookieBrowser();
    browser.keep(originOf('acme'), [`atlas_session=${session}`]);
    const former = async () => (await plane.get('/api/auth/me', { host: hostOf('acme'), session })).status;
    const fay = { sub: 'fay', email: 'fay@example.com', email_verified: true };
    jest.spyOn(plane.app.get(Sessions), 'endFamily').mockRejectedValueOnce(new Error('The rows are locked.'));
    expect((await signIn(fay, browser)).status).toBe(500);
    expect([await former(), (await plane.audit(tenant, 'user.sign_on_linked')).at(-1)?.after]).toEqual([
      200,
      expect.not.objectContaining({ subject: 'fay' }),
    ]);
    expect([(await signIn(fay, browser)).status, await former()]).toEqual([303, 401]);
  });

  it('cannot join with an invitation whose sender has lost the right to invite', async () => {
    const mallory = await plane.user(tenant, 'admin');
    const gil = { sub: 'gil', email: 'gil@example.com', email_verified: true };
    const invite = (by: CallOptions) =>
      plane.post('/api/auth/invite', { email: gil.email, role: 'admin' }, { ...by, host: hostOf('acme') });
    await invite(mallory).expect(201);
    await plane.patch(`/api/users/${mallory.id}`, { deactivated: true }, admin).expect(200);
    expect(refusal(await signIn(gil))).toEqual(UNKNOWN);
    await invite(admin).expect(201);
    expect((await signIn(gil)).status).toBe(303);
  });

  it('get the same refusal whether unverified, unknown or deactivated', async () => {
    await plane.user(tenant, 'admin', { email: 'ben@example.com' });
    const deactivatedAt = plane.now;
    await plane.user(tenant, 'operator', { email: 'off@example.com', deactivatedAt });
    const answers = [
      await signIn({ sub: 'ben', email: 'ben@example.com', email_verified: false }),
      await signIn({ sub: 'ben', email: 'ben@example.com' }),
      await signIn({ sub: 'stranger', email: 'stranger@example.com', email_verified: true }),
      await signIn({ sub: 'off', email: 'off@example.com', email_verified: true }),
    ];
    for (const answer of answers) {
      expect(refusal(answer)).toEqual(UNKNOWN);
      expect({ ...answer.body, trace_id: '' }).toEqual({ ...answers[0]?.body, trace_id: '' });
      expect(String(answer.get('set-cookie'))).not.toContain('atu_');
    }
    expect(await userOf('stranger@example.com')).toBeUndefined();
  });

  it('are refused if their subject or email address is too long', async () => {
    await plane.user(tenant, 'operator', { email: 'len@example.com' });
    const long = { sub: 's'.repeat(256), email: 'len@example.com', email_verified: true };
    expect(refusal(await signIn(long))).toEqual([401, 'sign_on_refused']);
    const email = `${'a'.repeat(300)}@example.com`;
    await plane.user(tenant, 'operator', { email });
    expect(refusal(await signIn({ sub: 'len', email, email_verified: true }))).toEqual(UNKNOWN);
    expect((await signIn({ ...long, sub: 's'.repeat(255) })).status).toBe(303);
  });

  it('are refused once deactivated, even if linked', async () => {
    const eve: ProviderUser = { sub: 'eve', email: 'eve@example.com', email_verified: true };
    const { id } = await plane.user(tenant, 'operator', { email: 'eve@example.com' });
    expect((await signIn(eve)).status).toBe(303);
    const deactivatedAt = plane.now;
    await plane.tenants.write(tenant.tenant_id, (scope) => scope.update(User, { id }, { deactivatedAt }));
    expect(refusal(await signIn(eve))).toEqual(UNKNOWN);
  });

  it('lose a session that was opened while they were being deactivated', async () => {
    const { id } = await plane.user(tenant, 'operator', { email: 'sue@example.com' });
    const sue: ProviderUser = { sub: 'sue', email: 'sue@example.com', email_verified: true };
    const deactivate = (deactivated: boolean) => plane.patch(`/api/users/${id}`, { deactivated }, admin);
    expect((await signIn(sue)).status).toBe(303);
    const browser = new CookieBrowser();
    const url = await comeBack(sue, browser);
    const pause = Pause.before(plane.app.get(Sessions), 'open');
    const arriving = arrive(url, browser);
    await pause.reached;
    const deactivating = deactivate(true).then(({ status }) => status);
    await endedOrWaiting(plane, deactivating);
    pause.release();
    await arriving;
    expect(await deactivating).toBe(200);
    await deactivate(false).expect(200);
    expect((await call('/api/auth/me', browser)).status).toBe(401);
  });

  it('are not admitted by a provider that was replaced or disabled during the sign-in', async () => {
    await plane.user(tenant, 'operator', { email: 'pat@example.com' });
    const pat: ProviderUser = { sub: 'pat', email: 'pat@example.com', email_verified: true };
    const [switchedOff, other] = [{ enabled: false }, { client_id: 'another' }];
    const answers: supertest.Response[] = [];
    for (const changes of [switchedOff, other]) {
      provider.tampering = async (claims) => {
        await configure(changes).expect(200);
        return provider.sign(claims);
      };
      answers.push(await signIn(pat));
      await configure({}).expect(200);
    }
    expect(answers.map(refusal)).toEqual([[404, 'sign_on_not_configured'], NOT_BEGUN]);
  });

  it('are not admitted if their tenant was suspended during the sign-in', async () => {
    await plane.user(tenant, 'operator', { email: 'ivo@example.com' });
    const ivo: ProviderUser = { sub: 'ivo', email: 'ivo@example.com', email_verified: true };
    provider.tampering = async (claims) => {
      await plane.apply({ tenants: [{ ...tenant, status: 'suspended' }] });
      return provider.sign(claims);
    };
    const answer = await signIn(ivo);
    await plane.apply({ tenants: [tenant] });
    expect(refusal(answer)).toEqual([403, 'tenant_suspended']);
    provider.tampering = undefined;
    expect((await signIn(ivo)).status).toBe(303);
  });

  describe('whose provider is taken out of use', () => {
    const pia: ProviderUser = { sub: 'pia', email: 'pia@example.com', email_verified: true };
    beforeAll(() => plane.user(tenant, 'operator', { email: 'pia@example.com' }));
    afterEach(() => configure({}).expect(200));

    const TAKEN: [string, () => supertest.Test][] = [
      ['removed', () => plane.delete('/api/identity-provider', admin)],
      ['disabled', () => configure({ enabled: false })],
      ['replaced', () => configure({ client_id: 'another' })],
    ];
    const signedOn = async (role: UserRole): Promise<SignedIn> => {
      const { id } = await plane.user(tenant, role);
      const user = await plane.tenants.read(tenant.tenant_id, (scope) => scope.findOne(User, { id }));
      return plane.tenants.write(tenant.tenant_id, (scope) =>
        plane.app.get(Sessions).open(scope, user as User, { isSingleSignOn: true }),
      );
    };

    it.each(TAKEN)('are signed out when the provider is %s', async (_, take) => {
      const [early, coming, browser] = [new CookieBrowser(), new CookieBrowser(), new CookieBrowser()];
      expect((await signIn(pia, early)).status).toBe(303);
      const url = await comeBack(pia, coming);
      const pause = Pause.before(plane.app.get(Sessions), 'open');
      const arriving = arrive(url, coming);
      await pause.reached;
      const taking = take().then(({ status }) => status);
      await endedOrWaiting(plane, taking);
      pause.release();
      await arriving;
      expect(await taking).toBeLessThan(300);
      for (const one of [early, coming]) expect((await call('/api/auth/me', one)).status).toBe(401);
      // The admin who made the change stays signed in, because they signed in with a password.
      expect((await plane.get('/api/auth/me', admin)).status).toBe(200);
      await configure({}).expect(200);
      expect((await signIn(pia, browser)).status).toBe(303);
    });

    it.each(TAKEN)('can complete their writes in progress before the provider is %s', async (_, take) => {
      const caller: CallOptions = { host: hostOf('acme') };
      const invitation = { email: `${randomUUID()}@example.com`, role: 'admin' };
      const writes: [object, string, () => supertest.Test][] = [
        [
          plane.app.get(Incidents, { strict: false }),
          'create',
          () => plane.post('/api/incidents', { title: 'Disk', severity: 'P2' }, caller),
        ],
        [plane.app.get(UserTokens), 'mint', () => plane.post('/api/auth/invite', invitation, caller)],
      ];
      for (const [service, method, write] of writes) {
        const { token: session } = await signedOn('admin');
        Object.assign(caller, { session });
        const pause = Pause.behind(service, method);
        const writing = write().then(({ status }) => status);
        await pause.reached;
        const taking = take().then(({ status }) => status);
        await endedOrWaiting(plane, taking);
        const { body } = await plane.get('/api/identity-provider', admin);
        pause.release();
        expect(body.provider).toMatchObject({ client_id: 'acme', enabled: true });
        expect(await writing).toBe(201);
        expect(await taking).toBeLessThan(300);
        expect(refusal(await write())).toEqual([401, 'unauthenticated']);
        await configure({}).expect(200);
      }
    });

    it('are signed out of a session that is being renewed', async () => {
      const opened = await signedOn('operator');
      const pause = Pause.before(plane.app.get(Sessions), 'open');
      const body = { refresh_token: opened.refresh_token };
      const renewing = plane
        .post('/api/auth/refresh', body, { host: hostOf('acme') })
        .then((answer) => answer);
      await pause.reached;
      const taking = plane.delete('/api/identity-provider', admin).then(({ status }) => status);
      await endedOrWaiting(plane, taking);
      pause.release();
      const { token: session } = (await renewing).body;
      expect(await taking).toBe(204);
      expect((await plane.get('/api/auth/me', { host: hostOf('acme'), session })).status).toBe(401);
    });

    it('are signed out at once, even while a dozen of them keep renewing their sessions', async () => {
      const pairs = await Promise.all(Array.from({ length: 12 }, () => signedOn('operator')));
      const retries = countRetries(plane);
      let [renewals, isOver] = [0, false];
      const renew = async ({ refresh_token }: SignedIn): Promise<number> => {
        const caller = { host: hostOf('acme') };
        const { status, body } = await plane.post('/api/auth/refresh', { refresh_token }, caller);
        renewals += 1;
        return status === 200 && !isOver ? renew(body) : status;
      };
      const renewing = Promise.all(pairs.map(renew));
      await eventually(() => renewals > 2 * pairs.length, { what: 'they renew their sessions' });
      const { status } = await plane.delete('/api/identity-provider', admin);
      isOver = true;
      expect([status, await renewing, retries()]).toEqual([204, pairs.map(() => 401), 0]);
    });
  });

  it('are not admitted if deactivated and reactivated during the sign-in', async () => {
    const { id } = await plane.user(tenant, 'operator', { email: 'lou@example.com' });
    const lou: ProviderUser = { sub: 'lou', email: 'lou@example.com', email_verified: true };
    expect((await signIn(lou)).status).toBe(303);
    provider.tampering = async (claims) => {
      for (const deactivated of [true, false])
        await plane.patch(`/api/users/${id}`, { deactivated }, admin).expect(200);
      return provider.sign(claims);
    };
    expect(refusal(await signIn(lou))).toEqual([403, 'sign_on_unknown_account']);
    provider.tampering = undefined;
    expect((await signIn(lou)).status).toBe(303);
  });

  describe('without an account', () => {
    const kim: ProviderUser = { sub: 'kim', email: 'kim@acme.example', email_verified: true, name: 'Kim' };
    beforeAll(async () => {
      const rules = { create_users: true, default_role: 'fulfiller', email_domains: ['acme.example'] };
      await configure(rules).expect(200);
    });
    afterAll(() => configure({}).expect(200));

    it('are given one with no password, and with the role that the admin has set', async () => {
      const browsers = [new CookieBrowser(), new CookieBrowser()] as const;
      const urls = [await comeBack(kim, browsers[0]), await comeBack(kim, browsers[1])] as const;
      // Two sign-ins at the same time create one user.
      const answers = await Promise.all([arrive(urls[0], browsers[0]), arrive(urls[1], browsers[1])]);
      expect(answers.map(({ status }) => status)).toEqual([303, 303]);
      const made = await userOf('kim@acme.example');
      expect(made).toMatchObject({ name: 'Kim', role: 'fulfiller', passwordHash: NO_PASSWORD });
      expect(await plane.audit(tenant, 'user.created')).toEqual([
        expect.objectContaining({ after: { email: kim.email, role: 'fulfiller', issuer: provider.issuer } }),
      ]);
      for (const password of [NO_PASSWORD, 'none', 'x'.repeat(20)]) {
        const answer = await plane.post('/api/auth/token', { email: kim.email, password }, admin);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
    });

    it.each([
      [{ sub: 'a', email: 'a@acme.example', email_verified: false }],
      [{ sub: 'b', email: 'b@acme.example.org', email_verified: true }],
      [{ sub: 'c', email: 'c@evil.example', email_verified: true }],
      [{ sub: 'd', email: 'd@x.acme.example', email_verified: true }],
      [{ sub: 'e', email: 'e@acme.example@evil.example', email_verified: true }],
      [{ sub: 'f' }],
    ])(
      'are not given one if their email address is missing, unverified or in another domain: %j',
      async (user) => {
        expect(refusal(await signIn(user))).toEqual(UNKNOWN);
      },
    );
  });

  it('must finish a sign-in in the browser and tenant where it began, within 10 minutes', async () => {
    await plane.user(tenant, 'operator', { email: 'may@example.com' });
    const may: ProviderUser = { sub: 'may', email: 'may@example.com', email_verified: true };
    const [browser, other, elsewhere] = [new CookieBrowser(), new CookieBrowser(), new CookieBrowser()];
    const url = await comeBack(may, browser);
    await comeBack(may, other);
    const theirs = await comeBack(may, elsewhere, 'globex');
    expect(theirs).toMatch(/^http:\/\/globex\.localhost:4200\//);
    expect(refusal(await arrive(url, new CookieBrowser()))).toEqual(NOT_BEGUN);
    expect(refusal(await arrive(url, other))).toEqual(NOT_BEGUN);
    // An attempt that began at one tenant fails at another, even with the attempt's cookie.
    elsewhere.keep(originOf('acme'), [elsewhere.cookiesOf(originOf('globex'))]);
    expect(refusal(await arrive(theirs, elsewhere))).toEqual(NOT_BEGUN);
    const replayed = { cookie: browser.cookiesOf(originOf('acme')) };
    expect((await arrive(url, browser)).status).toBe(303);
    const path = url.slice(originOf('acme').length);
    expect(refusal(await plane.get(path, { host: hostOf('acme'), headers: replayed }))).toEqual(REFUSED);
    const late = await comeBack(may, browser);
    clock.advance(600);
    expect(refusal(await arrive(late, browser))).toEqual(NOT_BEGUN);
  });

  it('are refused if the state is forged, missing, duplicated, used or from another attempt', async () => {
    await plane.user(tenant, 'operator', { email: 'sam@example.com' });
    const sam: ProviderUser = { sub: 'sam', email: 'sam@example.com', email_verified: true };
    const [browser, other] = [new CookieBrowser(), new CookieBrowser()];
    const first = await comeBack(sam, browser);
    const firstCookie = browser.cookiesOf(originOf('acme'));
    const url = await comeBack(sam, browser);
    const theirs = await comeBack(sam, other);
    const [cookie, otherCookie] = [browser.cookiesOf(originOf('acme')), other.cookiesOf(originOf('acme'))];
    const bring = (address: string, sent: string) =>
      plane.get(address.slice(originOf('acme').length), { host: hostOf('acme'), headers: { cookie: sent } });
    const signedIn = async () => [
      (await plane.rows(tenant, Session)).length,
      (await plane.audit(tenant, 'user.signed_in')).length,
      (await plane.rows(tenant, UserIdentity)).filter(({ subject }) => subject === 'sam').length,
    ];
    const before = await signedIn();
    const returns = {
      url,
      cookie,
      firstUrl: first,
      firstCookie,
      otherUrl: theirs,
      otherCookie,
    };
    for (const [what, address, sent] of badSignOnReturns(returns)) {
      const answer = await bring(address, sent);
      expect([what, answer.status, String(answer.get('set-cookie')).includes('atu_')]).toEqual([
        what,
        401,
        false,
      ]);
    }
    expect([before[2], await signedIn()]).toEqual([0, before]);
    expect((await arrive(url, browser)).status).toBe(303);
    const after = await signedIn();
    expect((await bring(url, cookie)).status).toBe(401);
    expect(await signedIn()).toEqual(after);
    expect(after).toEqual([Number(before[0]) + 1, Number(before[1]) + 1, 1]);
  });

  it.each<[string, (claims: Record<string, unknown>) => string | Promise<string>]>([
    ["for another tenant's client", (claims) => provider.sign({ ...claims, aud: 'globex' })],
    ['from another attempt', (claims) => provider.sign({ ...claims, nonce: 'x' })],
    ['without a signature', (claims) => provider.unsigned(claims)],
  ])('are not signed in with a token %s', async (_, tampering) => {
    await plane.user(tenant, 'operator', { email: 'tom@example.com' }).catch(() => undefined);
    provider.tampering = tampering;
    const tom: ProviderUser = { sub: 'tom', email: 'tom@example.com', email_verified: true };
    expect(refusal(await signIn(tom))).toEqual(REFUSED);
  });

  it('are linked again after the tenant changes its provider, and both changes are audited', async () => {
    const joe: ProviderUser = { sub: 'joe', email: 'joe@example.com', email_verified: true };
    const { id } = await plane.user(tenant, 'operator', { email: 'joe@example.com' });
    expect((await signIn(joe)).status).toBe(303);
    const [first, second] = [provider, await OpenIdProvider.start()];
    await second.register({ clientId: 'acme', redirectUri: redirectUriOf('acme') });
    const browser = new CookieBrowser();
    const url = await comeBack(joe, browser);
    provider = second;
    for (let turn = 0; turn < 2; turn += 1) await configure({}).expect(200);
    // This attempt began at the previous provider.
    expect(refusal(await arrive(url, browser))).toEqual(NOT_BEGUN);
    expect((await signIn({ ...joe, sub: 'joe-2' })).status).toBe(303);
    const [identity] = (await plane.rows(tenant, UserIdentity)).filter(({ userId }) => userId === id);
    expect(identity).toMatchObject({ issuer: second.issuer, subject: 'joe-2' });
    const [before, after] = [first, second].map(({ issuer }) => expect.objectContaining({ issuer }));
    expect((await plane.audit(tenant, 'identity_provider.configured')).at(-1)).toMatchObject({
      before,
      after,
    });
    expect((await plane.audit(tenant, 'user.sign_on_linked')).at(-1)).toMatchObject({ before, after });
    provider = first;
    await configure({}).expect(200);
    await second.stop();
  });

  describe('their provider', () => {
    it('can be set up, viewed and removed by an admin', async () => {
      const { admin: own } = await plane.tenantWithAdmin('initech');
      const [host, view] = [hostOf('initech'), { redirect_uri: redirectUriOf('initech') }];
      expect((await plane.get('/api/identity-provider', own)).body).toEqual({ provider: null, ...view });
      const none = [404, 'sign_on_not_configured'];
      expect(refusal(await plane.get('/api/auth/oidc/start', { host }))).toEqual(none);
      expect(refusal(await plane.get('/api/auth/oidc/callback?code=x&state=x', { host }))).toEqual(none);
      const given = { issuer: provider.issuer, client_id: 'initech' };
      const rules = { create_users: false, default_role: 'requester', email_domains: [] };
      const answer = await plane.put('/api/identity-provider', given, own).expect(200);
      expect(answer.body).toEqual({ provider: { ...given, ...rules, enabled: true }, ...view });
      await plane.put('/api/identity-provider', { ...given, enabled: false }, own).expect(200);
      expect(refusal(await plane.get('/api/auth/oidc/start', { host }))).toEqual(none);
      await plane.delete('/api/identity-provider', own).expect(204);
      await plane.delete('/api/identity-provider', own).expect(404);
    });

    it('is set up by one admin and replaced by another if both act at the same time', async () => {
      const { tenant: own, admin: one } = await plane.tenantWithAdmin('umbrella');
      const other = { ...(await plane.user(own, 'admin')), host: hostOf('umbrella') };
      const put = (client_id: string, by: CallOptions) =>
        plane
          .put('/api/identity-provider', { issuer: provider.issuer, client_id }, by)
          .then(({ status }) => status);
      const pause = Pause.behind(plane.app.get(Sessions), 'requireCaller');
      const first = put('first', one);
      await pause.reached;
      const second = put('second', other);
      await endedOrWaiting(plane, second);
      pause.release();
      expect([await first, await second]).toEqual([200, 200]);
      const entries = await plane.audit(own, 'identity_provider.configured');
      const clients = entries.map(({ before, after }) => [before?.['client_id'], after?.['client_id']]);
      expect(clients).toEqual([
        [undefined, 'first'],
        ['first', 'second'],
      ]);
    });

    it.each([
      [{ issuer: 'http://login.example.com' }, 'issuer'],
      [{ issuer: 'login.example.com' }, 'issuer'],
      [{ issuer: 'https://login.example.com/?x=1' }, 'issuer'],
      [{ issuer: 'https://me:secret@login.example.com' }, 'issuer'],
      [{ issuer: 'file:///etc/passwd' }, 'issuer'],
      [{ create_users: true }, 'email_domains'],
      [{ create_users: true, email_domains: ['acme.example'], default_role: 'admin' }, 'default_role'],
      [{ email_domains: ['@acme.example'] }, 'email_domains'],
      [{ email_domains: ['*'] }, 'email_domains'],
      [{ client_id: '' }, 'client_id'],
      [{ client_secret: 'x' }, 'client_secret'],
    ])('cannot be set up with %j', async (changes, field) => {
      const { status, body } = await configure(changes);
      expect([status, body.code, body.errors[0].field]).toEqual([400, 'validation_failed', field]);
    });

    it("returns them to the tenant's own address, whatever the headers say", async () => {
      const headers = {
        'x-forwarded-host': 'evil.example.com',
        'x-tenant-id': 'acme',
        forwarded: 'host=evil',
      };
      for (const host of ['acme.localhost:4200', '127.0.0.1', 'evil.example.com']) {
        const answer = await plane.get('/api/auth/oidc/start', { host, headers }).expect(303);
        const sentTo = new URL(answer.get('location') ?? '');
        expect(sentTo.searchParams.get('redirect_uri')).toBe(redirectUriOf('acme'));
      }
    });

    it('has its addresses and keys refetched every 10 minutes, even if the clock is set back', async () => {
      const asked = async (): Promise<number> => {
        await call('/api/auth/oidc/start', new CookieBrowser());
        return provider.discoveries;
      };
      clock.advance(600);
      const first = await asked();
      clock.jump(-3600);
      expect(await asked()).toBe(first);
      clock.advance(600);
      expect(await asked()).toBe(first + 1);
    });

    it('is reported as unavailable during an outage', async () => {
      const { port } = provider;
      await provider.stop();
      await configure({ client_id: 'not-yet-asked' }).expect(200);
      const answer = await call('/api/auth/oidc/start', new CookieBrowser());
      expect(refusal(answer)).toEqual([503, 'identity_provider_unavailable']);
      expect(answer.body.detail).toContain('ECONNREFUSED');
      provider = await OpenIdProvider.start(port);
    });
  });
});

describe("a tenant's identity provider", () => {
  it('is called only at public internet addresses if Atlas runs the plane', async () => {
    const provider = await OpenIdProvider.start();
    const production = { NODE_ENV: 'production', METRICS_TOKEN: randomBytes(16).toString('hex') };
    for (const [model, isRefused] of [
      ['shared', true],
      ['dedicated', true],
      ['on_prem', false],
    ] as const) {
      const where = { ATLAS_TP_DEPLOYMENT: model, TENANT_PLANE_PUBLIC_URL: 'https://atlas.acme.example' };
      const plane = await TestTenantPlane.boot('postgres', { env: { ...production, ...where } });
      const { admin } = await plane.tenantWithAdmin('acme');
      for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
        const issuer = `http://${host}:${provider.port}`;
        await plane.put('/api/identity-provider', { issuer, client_id: 'acme' }, admin).expect(200);
        const answer = await plane.get('/api/auth/oidc/start', { host: hostOf('acme') });
        if (!isRefused && host === '127.0.0.1') {
          expect(answer.status).toBe(303);
          const sentTo = new URL(answer.get('location') ?? '');
          expect(sentTo.searchParams.get('redirect_uri')).toBe(
            'https://atlas.acme.example/api/auth/oidc/callback',
          );
          expect(answer.get('set-cookie')?.[0]).toMatch(/^__Host-atlas_sign_on=.*; Secure$/);
        } else expect(refusal(answer)).toEqual([503, 'identity_provider_unavailable']);
        if (isRefused) expect(answer.body.detail).toMatch(/not on the public internet/);
      }
      await plane.close();
    }
    await provider.stop();
  });
});
