import { type KeyObject, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { mock } from 'node:test';
import { SignJWT, UnsecuredJWT, decodeJwt } from 'jose';
import type { ClientMetadata, Configuration } from 'oidc-provider';
import { type TestCertificate } from './certificate';
import { type CookieBrowser } from '../http/cookie-browser';

export interface ProviderUser {
  readonly sub: string;
  readonly email?: string;
  /** A boolean according to OpenID Connect. Some providers send a string. */
  readonly email_verified?: boolean | string;
  readonly name?: string;
}

export interface ProviderClient {
  readonly clientId: string;
  /** A public client has no secret. */
  readonly clientSecret?: string;
  readonly redirectUri: string;
}

type Claims = Record<string, unknown>;
/** Changes an ID token before the provider sends it. */
type Tampering = (claims: Claims, token: string) => Promise<string> | string;

const HOUR = 3600;

/** A real OpenID provider (oidc-provider) on this machine, with users who sign in without a password. */
export class OpenIdProvider {
  readonly users = new Map<string, ProviderUser>();
  readonly clients: ClientMetadata[] = [];
  /** Whether ID tokens contain the email address. If not, only the userinfo endpoint returns it. */
  tellsInToken = true;
  tampering: Tampering | undefined;
  /** The query of the endpoints that planes call, such as `?realm=acme`. */
  endpointQuery = '';
  /** How many times the provider's discovery document was requested. */
  discoveries = 0;
  /** Kept after a stop, so that the provider can be restarted on the same port. */
  port = 0;
  private server: Server;
  private privateKey: KeyObject;

  private constructor(private readonly certificate: TestCertificate | undefined) {}

  /** Serves HTTPS if given a certificate, which must be for `localhost`. */
  static async start(port = 0, certificate?: TestCertificate): Promise<OpenIdProvider> {
    const provider = new OpenIdProvider(certificate);
    provider.server = certificate ? createTlsServer(certificate) : createServer();
    await provider.listen(port);
    await provider.serve();
    return provider;
  }

  get issuer(): string {
    return this.certificate ? `https://localhost:${this.port}` : `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Registers a client with the provider. */
  async register({ clientId, clientSecret, redirectUri }: ProviderClient): Promise<void> {
    this.clients.push({
      client_id: clientId,
      redirect_uris: [redirectUri],
      ...(clientSecret === undefined
        ? { token_endpoint_auth_method: 'none' }
        : { client_secret: clientSecret }),
    });
    await this.serve();
  }

  /** Signs in on the provider's own pages as a person would. Returns the URL of the final redirect. */
  async signIn(browser: CookieBrowser, url: string, user: ProviderUser): Promise<string> {
    this.users.set(user.sub, user);
    let page = await browser.follow(url, this.issuer);
    for (let forms = 0; page.status === 200 && forms < 3; forms += 1) {
      const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1];
      if (!action || !prompt) throw new Error(`No form at ${page.url}: ${page.text.slice(0, 500)}`);
      const form = { prompt, ...(prompt === 'login' && { login: user.sub, password: 'any' }) };
      page = await browser.submit(new URL(action, page.url).href, form, this.issuer);
    }
    if (!page.location) throw new Error(`The provider returned ${page.status}: ${page.text.slice(0, 500)}`);
    return page.location;
  }

  /** A token with these claims, signed with the provider's own key. */
  async sign(claims: Claims): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'test' }).sign(this.privateKey);
  }

  unsigned(claims: Claims): string {
    return new UnsecuredJWT(claims).encode();
  }

  private async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** The provider takes its clients in its constructor, so it is recreated for each new client. */
  private async serve(): Promise<void> {
    this.privateKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const provider = await quietly(async () => {
      const { Provider } = await import('oidc-provider');
      return new Provider(this.issuer, this.configuration());
    });
    provider.on('server_error', (_context, error) => process.stderr.write(`${error.stack}\n`));
    provider.use(async (context, next) => {
      this.discoveries += context.path === '/.well-known/openid-configuration' ? 1 : 0;
      await next();
      addQuery(context.body, this.endpointQuery);
      const body = context.body as { id_token?: string } | undefined;
      if (!this.tampering || typeof body !== 'object' || !body?.id_token) return;
      body.id_token = await this.tampering(decodeJwt(body.id_token), body.id_token);
    });
    this.server.removeAllListeners('request').on('request', provider.callback());
  }

  private configuration(): Configuration {
    return {
      clients: this.clients,
      jwks: {
        keys: [{ ...this.privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'test' }],
      },
      cookies: { keys: [randomBytes(16).toString('hex')] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      conformIdTokenClaims: !this.tellsInToken,
      findAccount: (_context, sub) => ({
        accountId: sub,
        claims: () => ({ ...(this.users.get(sub) ?? { sub }) }),
      }),
      ttl: { AccessToken: HOUR, Grant: HOUR, IdToken: HOUR, Interaction: HOUR, Session: HOUR },
      pkce: { required: () => true },
      renderError: (context, out) => {
        context.body = JSON.stringify(out);
      },
    };
  }
}

/**
 * Suppresses the provider's warnings that its sign-in pages and storage are only for tests, and that it
 * expects Node 22.
 */
async function quietly<T>(make: () => Promise<T>): Promise<T> {
  const warnings = mock.method(console, 'warn', () => undefined);
  try {
    return await make();
  } finally {
    warnings.mock.restore();
  }
}

function addQuery(body: unknown, query: string): void {
  const metadata = body as Record<string, unknown> | undefined;
  if (query === '' || typeof metadata?.['token_endpoint'] !== 'string') return;
  for (const name of ['token_endpoint', 'jwks_uri', 'userinfo_endpoint'])
    metadata[name] = `${String(metadata[name])}${query}`;
}
