import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CookieBrowser,
  HAS_OPENSSL,
  OpenIdProvider,
  type TestCertificate,
  createTestCertificate,
} from '@atlas/testing';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';

jest.setTimeout(60_000);

(HAS_OPENSSL ? describe : describe.skip)(
  'an OpenID provider whose certificate comes from a private CA',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-sign-on-'));
    let certificate: TestCertificate;
    let provider: OpenIdProvider;
    let planes: BothPlanes;
    beforeAll(async () => {
      certificate = createTestCertificate(folder);
      provider = await OpenIdProvider.start(0, certificate);
      const trusting = { NODE_EXTRA_CA_CERTS: certificate.file };
      planes = await startBothPlanes('sqlite', {
        ...trusting,
        OPERATOR_OIDC_ISSUER: provider.issuer,
        OPERATOR_OIDC_CLIENT_ID: 'control-plane',
      });
      await planes.restartTenantPlane(trusting);
    });
    afterAll(async () => {
      await planes.stop();
      await provider.stop();
      rmSync(folder, { recursive: true });
    });

    /** Signs in with one browser, and returns the last page and the response from `/api/auth/me`. */
    const signIn = async (origin: string, user: { sub: string; email: string }) => {
      const browser = new CookieBrowser(certificate.cert);
      const { location } = await browser.follow(`${origin}/api/auth/oidc/start`, origin);
      const back = await provider.signIn(browser, location ?? '', { ...user, email_verified: true });
      const page = await browser.follow(back, origin);
      const me = await browser.follow(`${origin}/api/auth/me`, origin);
      return { arrived: [page.status, page.url], me };
    };

    it('signs in an operator whom an owner has created, but not an unknown user', async () => {
      const { url } = planes.stack.controlPlane;
      const redirectUri = `${url}/api/auth/oidc/callback`;
      await provider.register({ clientId: 'control-plane', redirectUri });
      const email = 'ann@example.com';
      const made = await planes.stack.api('/api/operators', { body: { email, role: 'support' } });
      expect(made.status).toBe(201);
      const { arrived, me } = await signIn(url, { sub: 'ann', email });
      expect(arrived).toEqual([200, `${url}/console`]);
      expect(JSON.parse(me.text)).toMatchObject({ email, role: 'support' });
      const stranger = await signIn(url, { sub: 'eve', email: 'eve@example.com' });
      const refused = `${url}/console/sign-in?problem=sign_on_unknown_account`;
      expect([stranger.arrived, stranger.me.status]).toEqual([[200, refused], 401]);
    });

    it("signs in a tenant's user at the tenant's address once the admin has set up sign-on", async () => {
      const { tenant, session } = await planes.stack.tenantWithAdmin('acme');
      const body = { issuer: provider.issuer, client_id: 'acme' };
      const call = { session: session.token, method: 'PUT', body };
      const { body: view } = await planes.stack.tenant<{ redirect_uri: string }>(
        ...(['acme', '/api/identity-provider', call] as const),
      );
      expect(view.redirect_uri).toBe(`${tenant.url}/api/auth/oidc/callback`);
      await provider.register({ clientId: 'acme', redirectUri: view.redirect_uri });
      const email = 'admin@acme.example.com';
      const { arrived, me } = await signIn(tenant.url, { sub: 'admin', email });
      expect(arrived).toEqual([200, `${tenant.url}/`]);
      expect(JSON.parse(me.text).user).toMatchObject({ email, role: 'admin' });
      const stranger = await signIn(tenant.url, { sub: 'eve', email: 'eve@example.com' });
      expect([stranger.arrived[0], stranger.me.status]).toEqual([403, 401]);
    });
  },
);
