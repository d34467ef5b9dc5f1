import { type IncomingHttpHeaders } from 'node:http';
import { type FastifyReply } from 'fastify';
import { type Clock } from '../time/clock';
import { type CookieName, type SessionCredential, cookieIn, sessionCredentialOf, setCookie } from './cookies';

/** How long a device stays known. Browsers keep no cookie for longer than 400 days. */
export const DEVICE_SECONDS = 180 * 24 * 3600;

interface SignedIn {
  readonly token: string;
  readonly refresh_token?: string;
  readonly device_token?: string;
  readonly expires_at: Date;
}

const TOKENS: readonly string[] = ['token', 'refresh_token', 'device_token'];
/** A sign-in response, without the tokens if they are set as cookies. */
export type SignInAnswer<T extends SignedIn> = Partial<T> &
  Omit<T, 'token' | 'refresh_token' | 'device_token'>;

/** What a sign-in takes from the browser's cookies. */
export interface FromCookies {
  readonly device_token?: string;
  /** The browser's previous session, possibly of another user. The sign-in revokes it. */
  readonly former_session?: string;
}

/** A browser's session and its known device, in cookies that no script can read. */
export class SignInCookies {
  private readonly session: CookieName;
  private readonly device: CookieName;

  constructor(
    names: { readonly session: string; readonly device: string },
    isProduction: boolean,
    private readonly clock: Clock,
  ) {
    this.session = { name: names.session, isProduction };
    this.device = { name: names.device, isProduction };
  }

  /** Callers that set `cookie` get the tokens only as cookies. */
  answer<S extends SignedIn>(
    signedIn: S,
    { cookie }: { readonly cookie: boolean },
    reply: FastifyReply,
  ): SignInAnswer<S> {
    if (!cookie) return signedIn;
    const { token, device_token: device } = signedIn;
    const seconds = Math.floor((signedIn.expires_at.getTime() - this.clock.now().getTime()) / 1000);
    setCookie(reply, this.session, token, seconds);
    if (device !== undefined) this.keepDevice(device, reply);
    const shown = Object.entries(signedIn).filter(([name]) => !TOKENS.includes(name));
    return Object.fromEntries(shown) as SignInAnswer<S>;
  }

  keepDevice(token: string, reply: FastifyReply): void {
    setCookie(reply, this.device, token, DEVICE_SECONDS);
  }

  /** Deletes the session cookie only, so the device stays known. */
  clear(reply: FastifyReply): void {
    setCookie(reply, this.session, '', 0);
  }

  /** A device token in the body takes precedence over the cookie. */
  withCookies<T extends { readonly device_token?: string }>(
    dto: T,
    headers: IncomingHttpHeaders,
  ): T & FromCookies {
    const device_token = dto.device_token ?? cookieIn(headers, this.device);
    return { ...dto, device_token, former_session: this.formerSession(headers) };
  }

  /** See {@link FromCookies}. */
  formerSession(headers: IncomingHttpHeaders): string | undefined {
    return cookieIn(headers, this.session);
  }

  /** The session token of a request: the bearer token, or otherwise the cookie. */
  credentialOf(headers: IncomingHttpHeaders): SessionCredential | undefined {
    return sessionCredentialOf(headers, this.session);
  }
}
