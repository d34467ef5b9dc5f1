import {
  CookieBrowser,
  EVERY_DATABASE,
  OpenIdProvider,
  type ProviderUser,
  badSignOnReturns,
} from '@atlas/testing';
import { OperatorSession } from '../../src/accounts/operator-session.entity';
import { Operator } from '../../src/accounts/operator.entity';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { type Env, TestControlPlane } from '../control-plane.fixture';
import { HeldOperator } from '../held-operator.fixture';
import { PUBLIC_URL, refusal } from '../plane-simulator.fixture';

const CLIENT = { clientId: 'atlas', clientSecret: 'a secret of the provider and us' };
const REDIRECT_URI = `${PUBLIC_URL}/api/auth/oidc/callback`;
const ANN: ProviderUser = { sub: 'ann-1', email: 'Ann@Example.com', email_verified: true };

/**
 * Signs in with a real provider whose tokens are tampered with in transit. No token signs anyone in if it is
 * unsigned, wrongly signed, expired, or has the wrong issuer, audience or nonce. An address links an account
 * only once, and only if it is verified. Unknown and disabled accounts get the same response.
 *
 * To see it fail: in relying-party.ts, leave out `enableNonRepudiationChecks` or `expectedNonce`; in
 * `identityOf`, leave out `isVerified`; in `link`, leave out the issuer check; or in `admit`, leave out
 * `disabledAt`.
 */
describe.each(EVERY_DATABASE)('operators on %s who sign in through an OpenID provider', (driver) => {
  let provider: OpenIdProvider;
  let plane: TestControlPlane;
  beforeAll(async () => {
    provider = await OpenIdProvider.start();
    await provider.register({ ...CLIENT, redirectUri: REDIRECT_URI });
    plane = await TestControlPlane.boot(driver, {
      OPERATOR_OIDC_ISSUER: provider.issuer,
      OPERATOR_OIDC_CLIENT_ID: CLIENT.clientId,
      OPERATOR_OIDC_CLIENT_SECRET: CLIENT.clientSecret,
    });
    await plane.createOperator('ann@example.com', 'admin');
  });
  afterAll(async () => {
    await plane.close();
    await provider.stop();
  });
  afterEach(() => (provider.tampering = undefined));

  const call = (path: string, browser: CookieBrowser) =>
    plane.get(path, { token: null, headers: { cookie: browser.cookiesOf(PUBLIC_URL) } });
  /** Signs in at the provider. Returns the callback URL to which the provider redirects the browser. */
  const comeBack = async (user: ProviderUser, browser: CookieBrowser): Promise<string> => {
    const start = await call('/api/auth/oidc/start', browser);
    expect([start.status, start.body]).toEqual([303, {}]);
    browser.keep(PUBLIC_URL, start.get('set-cookie'));
    return provider.signIn(browser, start.get('location') ?? '', user);
  };
  const arrive = async (url: string, browser: CookieBrowser) => {
    const answer = await call(url.replace(PUBLIC_URL, ''), browser);
    browser.keep(PUBLIC_URL, answer.get('set-cookie'));
    return answer;
  };
  const signIn = async (user: ProviderUser, browser = new CookieBrowser()) =>
    arrive(await comeBack(user, browser), browser);

  const UNKNOWN = [403, 'sign_on_unknown_account'];
  const NOT_BEGUN = [401, 'sign_on_not_begun'];
  const REFUSED = [401, 'sign_on_refused'];

  it('are linked at their first sign-in, and get a session in a cookie', async () => {
    const browser = new CookieBrowser();
    const answer = await signIn(ANN, browser);
    expect([answer.status, answer.get('location'), answer.text]).toEqual([303, '/console', '']);
    expect(answer.get('set-cookie')).toEqual([
      expect.stringMatching(/^atlas_sign_on_\d+=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^atlas_operator_\d+=aos_\w+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/),
    ]);
    expect((await call('/api/auth/me', browser)).body).toMatchObject({ email: 'ann@example.com' });
    const { body } = await plane.get('/api/audit?limit=2');
    expect(body.items.map(({ action, after }: { action: string; after: object }) => [action, after])).toEqual(
      [
        ['operator.signed_in', { method: 'single_sign_on' }],
        ['operator.sign_on_linked', { issuer: provider.issuer, subject: ANN.sub }],
      ],
    );
  });

  it('are identified by their subject, even if their address has changed', async () => {
    expect((await signIn({ ...ANN, email: 'anna@elsewhere.example.com' })).status).toBe(303);
    expect((await signIn({ sub: ANN.sub })).status).toBe(303);
    // The address may belong to someone else by now, so the existing link takes precedence.
    expect(refusal(await signIn({ ...ANN, sub: 'another' }))).toEqual(UNKNOWN);
    const [{ id = '' } = {}] = await plane.rows(Operator, { email: 'ann@example.com' });
    expect((await plane.get(`/api/operators/${id}`)).body).toMatchObject({
      single_sign_on: { issuer: provider.issuer, subject: ANN.sub },
    });
  });

  it('get the same refusal for an unverified or unknown address and for a disabled account', async () => {
    await plane.createOperator('ben@example.com', 'owner');
    await plane.createOperator('off@example.com', 'admin');
    await plane.change(Operator, { email: 'off@example.com' }, { disabledAt: plane.clock.now() });
    const answers = [
      await signIn({ sub: 'ben', email: 'ben@example.com', email_verified: false }),
      await signIn({ sub: 'ben', email: 'ben@example.com' }),
      await signIn({ sub: 'ben', email: 'ben@example.com', email_verified: 'true' }),
      await signIn({ sub: 'stranger', email: 'stranger@example.com', email_verified: true }),
      await signIn({ sub: 'off', email: 'off@example.com', email_verified: true }),
    ];
    for (const answer of answers) {
      expect(refusal(answer)).toEqual(UNKNOWN);
      expect({ ...answer.body, trace_id: '' }).toEqual({ ...answers[0]?.body, trace_id: '' });
      expect(String(answer.get('set-cookie'))).not.toContain('aos_');
    }
    expect(await plane.count(Operator, { email: 'stranger@example.com' })).toBe(0);
  });

  it('are locked out once disabled, even if linked', async () => {
    const eve: ProviderUser = { sub: 'eve', email: 'eve@example.com', email_verified: true };
    await plane.createOperator('eve@example.com', 'support');
    const browser = new CookieBrowser();
    expect((await signIn(eve, browser)).status).toBe(303);
    const [{ id = '' } = {}] = await plane.rows(Operator, { email: 'eve@example.com' });
    await plane.patch(`/api/operators/${id}`, { disabled: true }, { token: plane.session }).expect(200);
    expect((await call('/api/auth/me', browser)).status).toBe(401);
    expect(refusal(await signIn(eve))).toEqual(UNKNOWN);
  });

  it('are refused when disabled or demoted during the sign-in', async () => {
    await plane.createOperator('max@example.com', 'admin');
    const [{ id = '' } = {}] = await plane.rows(Operator, { email: 'max@example.com' });
    const change = (body: object) =>
      plane.patch(`/api/operators/${id}`, body, { token: plane.session }).expect(200);
    const max: ProviderUser = { sub: 'max', email: 'max@example.com', email_verified: true };
    for (const changes of [
      [{ disabled: true }],
      [{ disabled: true }, { disabled: false }],
      [{ role: 'support' }],
    ]) {
      await change({ disabled: false });
      provider.tampering = async (_, token) => {
        for (const body of changes) await change(body);
        return token;
      };
      expect(refusal(await signIn(max))).toEqual(UNKNOWN);
    }
    provider.tampering = undefined;
    expect((await signIn(max)).status).toBe(303);
  });

  it('are refused while they are being disabled', async () => {
    await plane.createOperator('moe@example.com', 'admin');
    const [{ id = '' } = {}] = await plane.rows(Operator, { email: 'moe@example.com' });
    const browser = new CookieBrowser();
    const url = await comeBack({ sub: 'moe', email: 'moe@example.com', email_verified: true }, browser);
    await using held = await HeldOperator.hold(plane, id);
    const disabled = plane.patch(`/api/operators/${id}`, { disabled: true }).then(({ status }) => status);
    await held.untilWaiting(1);
    const late = arrive(url, browser);
    await held.untilWaiting(2);
    await held.release();
    expect([await disabled, refusal(await late)]).toEqual([200, UNKNOWN]);
  });

  it('are linked to only one of two subjects that sign in at once with the same address', async () => {
    await plane.createOperator('two@example.com', 'support');
    const browsers = [new CookieBrowser(), new CookieBrowser()] as const;
    const as = (sub: string): ProviderUser => ({ sub, email: 'two@example.com', email_verified: true });
    const urls = [
      await comeBack(as('two-1'), browsers[0]),
      await comeBack(as('two-2'), browsers[1]),
    ] as const;
    const answers = await Promise.all([arrive(urls[0], browsers[0]), arrive(urls[1], browsers[1])]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 403]);
  });

  it('may have an address that only the userinfo endpoint returns', async () => {
    await plane.createOperator('uma@example.com', 'support');
    provider.tellsInToken = false;
    await provider.register({ clientId: 'other', redirectUri: REDIRECT_URI });
    expect((await signIn({ sub: 'uma', email: 'uma@example.com', email_verified: true })).status).toBe(303);
    provider.tellsInToken = true;
    await provider.register({ clientId: 'another', redirectUri: REDIRECT_URI });
  });

  it('must finish the sign-in in the browser in which they started it, within 10 minutes', async () => {
    const [browser, other] = [new CookieBrowser(), new CookieBrowser()];
    const url = await comeBack(ANN, browser);
    await comeBack(ANN, other);
    const wrongState = new URL(url);
    wrongState.searchParams.set('state', 'x');
    const twice = `${url}&state=x`;
    for (const [address, who] of [
      [url, new CookieBrowser()],
      [url, other],
      [wrongState.href, browser],
    ] as const) {
      const cookie = who.cookiesOf(PUBLIC_URL);
      const answer = await plane.get(address.replace(PUBLIC_URL, ''), { token: null, headers: { cookie } });
      expect(refusal(answer)).toEqual(NOT_BEGUN);
    }
    expect(refusal(await call(twice.replace(PUBLIC_URL, ''), browser))).toEqual(NOT_BEGUN);
    plane.clock.advance(600);
    expect(refusal(await arrive(url, browser))).toEqual(NOT_BEGUN);
  });

  it('are neither signed in nor linked by a forged, missing, duplicated, used or stolen state', async () => {
    await plane.createOperator('sam@example.com', 'support');
    const sam: ProviderUser = { sub: 'sam', email: 'sam@example.com', email_verified: true };
    const [browser, other] = [new CookieBrowser(), new CookieBrowser()];
    const first = await comeBack(sam, browser);
    const firstCookie = browser.cookiesOf(PUBLIC_URL);
    const url = await comeBack(sam, browser);
    const theirs = await comeBack(sam, other);
    const [cookie, otherCookie] = [browser.cookiesOf(PUBLIC_URL), other.cookiesOf(PUBLIC_URL)];
    const signedIn = async () => [
      await plane.count(OperatorSession),
      await plane.count(AuditEvent, { action: 'operator.signed_in' }),
      (await plane.rows(Operator, { email: 'sam@example.com' }))[0]?.ssoSubject,
    ];
    const before = await signedIn();
    expect(before[2]).toBeNull();
    const returns = {
      url,
      cookie,
      firstUrl: first,
      firstCookie,
      otherUrl: theirs,
      otherCookie,
    };
    for (const [what, address, sent] of badSignOnReturns(returns)) {
      const answer = await plane.get(address.replace(PUBLIC_URL, ''), {
        token: null,
        headers: { cookie: sent },
      });
      expect([what, answer.status, String(answer.get('set-cookie')).includes('aos_')]).toEqual([
        what,
        401,
        false,
      ]);
    }
    expect(await signedIn()).toEqual(before);
    expect((await arrive(url, browser)).status).toBe(303);
    const after = await signedIn();
    const replayed = await plane.get(url.replace(PUBLIC_URL, ''), { token: null, headers: { cookie } });
    expect(replayed.status).toBe(401);
    expect(await signedIn()).toEqual(after);
    expect(after).toEqual([Number(before[0]) + 1, Number(before[1]) + 1, 'sam']);
  });

  it('can use a code only once', async () => {
    const browser = new CookieBrowser();
    const url = await comeBack(ANN, browser);
    const headers = { cookie: browser.cookiesOf(PUBLIC_URL) };
    const path = url.replace(PUBLIC_URL, '');
    expect((await plane.get(path, { token: null, headers })).status).toBe(303);
    expect(refusal(await plane.get(path, { token: null, headers }))).toEqual(REFUSED);
  });

  it('must return from the provider to which they were sent', async () => {
    const browser = new CookieBrowser();
    const url = new URL(await comeBack(ANN, browser));
    expect(url.searchParams.get('iss')).toBe(provider.issuer);
    url.searchParams.set('iss', 'https://evil.example.com');
    expect(refusal(await arrive(url.href, browser))).toEqual(REFUSED);
    const denied = new URL(await comeBack(ANN, browser));
    denied.searchParams.set('error', 'access_denied');
    denied.searchParams.delete('code');
    expect(refusal(await arrive(denied.href, browser))).toEqual(REFUSED);
  });

  it('are signed in by an unmodified token, so each refusal below has its stated cause', async () => {
    provider.tampering = (claims) => provider.sign(claims);
    expect((await signIn(ANN)).status).toBe(303);
  });

  type Claims = Record<string, unknown>;
  const now = Math.floor(Date.now() / 1000);
  it.each<[string, (claims: Claims, token: string) => string | Promise<string>]>([
    ['a different nonce', (claims) => provider.sign({ ...claims, nonce: 'x' })],
    ['no nonce', ({ nonce: _, ...claims }) => provider.sign(claims)],
    ['a different audience', (claims) => provider.sign({ ...claims, aud: 'x' })],
    ['a different issuer', (claims) => provider.sign({ ...claims, iss: 'https://evil.example.com' })],
    ['a past expiry', (claims) => provider.sign({ ...claims, exp: now - 120 })],
    ['no expiry', ({ exp: _, ...claims }) => provider.sign(claims)],
    ['no signature', (claims) => provider.unsigned(claims)],
    ['its signature removed', (_, token) => token.slice(0, token.lastIndexOf('.') + 1)],
    [
      'the signature of another token',
      async (claims, token) => {
        const changed = await provider.sign({ ...claims, sub: 'another' });
        return [...changed.split('.').slice(0, 2), token.split('.')[2]].join('.');
      },
    ],
  ])('are not signed in by a token with %s', async (_, tampering) => {
    provider.tampering = tampering;
    const answer = await signIn(ANN);
    expect(refusal(answer)).toEqual(REFUSED);
    expect(String(answer.get('set-cookie'))).not.toContain('aos_');
  });

  it('get 503 while the provider is down', async () => {
    const [browser, { port }] = [new CookieBrowser(), provider];
    const url = await comeBack(ANN, browser);
    await provider.stop();
    const answer = await arrive(url, browser);
    expect(refusal(answer)).toEqual([503, 'identity_provider_unavailable']);
    expect(answer.body.detail).toContain('ECONNREFUSED');
    plane.clock.advance(3600);
    expect(refusal(await call('/api/auth/oidc/start', browser))).toEqual([
      503,
      'identity_provider_unavailable',
    ]);
    provider = await OpenIdProvider.start(port);
    await provider.register({ ...CLIENT, redirectUri: REDIRECT_URI });
    expect((await signIn(ANN)).status).toBe(303);
  });
});

/** Runs on one database only, because the driver makes no difference. */
describe('a Control Plane', () => {
  const started = async (env: Env): Promise<unknown[]> => {
    const plane = await TestControlPlane.boot('sqlite', env);
    const answers = [
      await plane.get('/api/auth/oidc/start', { token: null }),
      await plane.get('/api/auth/oidc/callback?code=x&state=x', { token: null }),
    ];
    await plane.close();
    return answers.map(refusal);
  };

  it('reports that single sign-on is not configured if it has no provider', async () => {
    const none = [404, 'sign_on_not_configured'];
    expect(await started({})).toEqual([none, none]);
  });

  it('sends people whose sign-on fails back to the sign-in page, with the reason', async () => {
    const plane = await TestControlPlane.boot('sqlite');
    const headers = { accept: 'text/html,application/xhtml+xml' };
    for (const path of ['/api/auth/oidc/start', '/api/auth/oidc/callback?code=x&state=x']) {
      const answer = await plane.get(path, { token: null, headers });
      const to = '/console/sign-in?problem=sign_on_not_configured';
      expect([answer.status, answer.get('location')]).toEqual([303, to]);
    }
    await plane.close();
  });

  it('rejects a provider that claims a different issuer', async () => {
    const provider = await OpenIdProvider.start();
    const issuer = provider.issuer.replace('127.0.0.1', 'localhost');
    const env = { OPERATOR_OIDC_ISSUER: issuer, OPERATOR_OIDC_CLIENT_ID: 'atlas' };
    expect((await started(env))[0]).toEqual([503, 'identity_provider_unavailable']);
    await provider.stop();
  });
});
