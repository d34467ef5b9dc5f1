import { Logger } from '@nestjs/common';
import { type Configuration, type IDToken, type UserInfoResponse } from 'openid-client';
import { type Clock } from '../time/clock';
import { type DomainError } from '../errors/errors';
import { isLoopbackUrl } from '../http/loopback';
import { type Secret } from '../secrets/secret';
import { type AdmitCall, ProviderUnreachable, providerFetch } from './provider-fetch';
import { type SignOnAttempt } from './sign-on-attempts';
import { identityProviderUnavailable, signOnRefused } from './sign-on.errors';

/** How a plane is registered with an identity provider. */
export interface SignOnClient {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined for a public client, whose authorization codes are protected by PKCE. */
  readonly clientSecret?: Secret | undefined;
  readonly redirectUri: string;
  /** Whether only the public internet may be reached: see {@link providerFetch}. */
  readonly publicOnly: boolean;
}

/** The identity that a provider vouches for. */
export interface ProvenIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** In lower case; null unless the provider has verified it. */
  readonly email: string | null;
  readonly name: string | null;
}

type OpenIdClient = typeof import('openid-client');

const FRESH_MS = 10 * 60_000;
const MAX_KEPT = 500;
const TIMEOUT_SECONDS = 5;
/**
 * Maximum lengths from OpenID Connect Core 1.0, section 2, and RFC 3696, erratum 1690. Both values are
 * stored, and appear in audit trails and logs.
 */
const MAX_SUBJECT = 255;
const MAX_EMAIL = 254;
/** A reason may contain text from the query string of the browser's request to the redirect URI. */
const MAX_REASON = 300;
/** OAuth errors caused by the provider or by our configuration. */
const NOT_THE_USERS_FAULT = [
  'invalid_client',
  'unauthorized_client',
  'server_error',
  'temporarily_unavailable',
];

interface Kept {
  readonly configuration: Promise<Configuration>;
  readonly readAt: number;
}

/**
 * An OpenID Connect relying party: authorization code flow with PKCE, state and nonce. Checks the ID token's
 * signature, issuer, audience and times, and the issuer in the authorization response if the provider sends
 * it (RFC 9207).
 */
export class RelyingParty {
  private readonly logger = new Logger(RelyingParty.name);
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly clock: Clock,
    private readonly admit?: AdmitCall,
  ) {}

  /** Returns the URL to send the browser to, and the values to keep until the browser returns. */
  async begin(client: SignOnClient): Promise<{ readonly url: string; readonly attempt: SignOnAttempt }> {
    const openid = await load();
    const configuration = await this.configurationOf(openid, client);
    const [state, nonce] = [openid.randomState(), openid.randomNonce()];
    const verifier = openid.randomPKCECodeVerifier();
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: client.redirectUri,
      scope: 'openid email profile',
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, attempt: { issuer: client.issuer, state, nonce, verifier } };
  }

  /** `query` is the query string of the browser's request to the redirect URI. */
  async finish(client: SignOnClient, attempt: SignOnAttempt, query: string): Promise<ProvenIdentity> {
    const openid = await load();
    const configuration = await this.configurationOf(openid, client);
    try {
      const tokens = await openid.authorizationCodeGrant(
        configuration,
        new URL(`${client.redirectUri}?${query}`),
        {
          pkceCodeVerifier: attempt.verifier,
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          idTokenExpected: true,
        },
      );
      const claims = tokens.claims();
      if (!claims) throw new Error('there is no ID token');
      return identityOf(claims, await more(openid, configuration, tokens.access_token, claims));
    } catch (error) {
      throw this.refusal(openid, client, error);
    }
  }

  private configurationOf(openid: OpenIdClient, client: SignOnClient): Promise<Configuration> {
    const key = JSON.stringify([
      client.issuer,
      client.clientId,
      client.clientSecret?.reveal(),
      client.publicOnly,
    ]);
    const now = this.clock.monotonicMs();
    const known = this.kept.get(key);
    if (known && now - known.readAt < FRESH_MS) return known.configuration;
    const configuration = discover(openid, client, this.admit).catch((error: unknown) => {
      this.kept.delete(key);
      this.logger.warn(`An identity provider cannot be used: ${reasonOf(error)}`);
      throw identityProviderUnavailable(reasonOf(error));
    });
    if (this.kept.size >= MAX_KEPT) this.kept.clear();
    this.kept.set(key, { configuration, readAt: now });
    return configuration;
  }

  private refusal(openid: OpenIdClient, { issuer }: SignOnClient, error: unknown): DomainError {
    const reason = reasonOf(error);
    this.logger.warn({ msg: 'A sign-in through an identity provider was refused', issuer, reason });
    const code = error instanceof openid.ResponseBodyError ? error.error : undefined;
    const isTheirs = unreachable(error) !== null || isServerError(error);
    if (isTheirs || (code !== undefined && NOT_THE_USERS_FAULT.includes(code)))
      return identityProviderUnavailable(code ?? reason);
    return signOnRefused();
  }
}

/** Loaded on the first sign-in through a provider, because most planes never need it. */
function load(): Promise<OpenIdClient> {
  return import('openid-client');
}

async function discover(
  openid: OpenIdClient,
  client: SignOnClient,
  admit?: AdmitCall,
): Promise<Configuration> {
  const { issuer, clientId, clientSecret, publicOnly } = client;
  const configuration = await openid.discovery(
    new URL(issuer),
    clientId,
    undefined,
    clientSecret === undefined ? openid.None() : openid.ClientSecretBasic(clientSecret.reveal()),
    {
      timeout: TIMEOUT_SECONDS,
      [openid.customFetch]: providerFetch(publicOnly, admit),
      // Without this check, a token that comes straight from the provider would be accepted unsigned.
      execute: [
        openid.enableNonRepudiationChecks,
        ...(isLoopbackUrl(issuer) ? [openid.allowInsecureRequests] : []),
      ],
    },
  );
  const { issuer: said } = configuration.serverMetadata();
  if (said !== issuer) throw new ProviderUnreachable(`${issuer}: the provider identifies itself as ${said}`);
  return configuration;
}

/**
 * Fetches the user's email address from the userinfo endpoint. Some providers return the address only there.
 */
async function more(
  openid: OpenIdClient,
  configuration: Configuration,
  accessToken: string,
  claims: IDToken,
): Promise<UserInfoResponse | undefined> {
  const isAskable = configuration.serverMetadata().userinfo_endpoint !== undefined;
  if (claims['email'] !== undefined || !isAskable) return undefined;
  return openid.fetchUserInfo(configuration, accessToken, claims.sub);
}

function identityOf(token: IDToken, info: UserInfoResponse | undefined): ProvenIdentity {
  const { email, email_verified: isVerified, name } = info ?? token;
  if (token.sub.length > MAX_SUBJECT) throw new Error('its subject is too long');
  const isUsable = typeof email === 'string' && isVerified === true && email.length <= MAX_EMAIL;
  return {
    issuer: token.iss,
    subject: token.sub,
    email: isUsable ? email.toLowerCase() : null,
    name: typeof name === 'string' && name !== '' ? name.slice(0, 100) : null,
  };
}

/** The connection failure that caused the library's error, or null. */
function unreachable(error: unknown): ProviderUnreachable | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof ProviderUnreachable) return at;
  return null;
}

function isServerError(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Response && cause.status >= 500;
}

/** The library's message, never the token it refers to. */
function reasonOf(error: unknown): string {
  const { message, code, error: oauthError } = error as { message?: string; code?: string; error?: string };
  const found = unreachable(error)?.message ?? oauthError ?? message ?? 'unknown';
  return (code === undefined ? found : `${found} (${code})`).slice(0, MAX_REASON);
}
