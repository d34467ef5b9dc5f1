import { type IncomingHttpHeaders } from 'node:http';
import { type FastifyReply } from 'fastify';
import { type Clock } from './clock';
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
/** Without the tokens where they are set as cookies. */
export type SignInAnswer<T extends SignedIn> = Partial<T> &
  Omit<T, 'token' | 'refresh_token' | 'device_token'>;

/** The session of a browser, and that the device is known, in cookies that no script can read. */
export abstract class SignInCookies<S extends SignedIn> {
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

  /** Ends the session of that token, if it is one of those that are signed in to here. */
  protected abstract endFormer(token: string, signedIn: S): Promise<void>;

  /**
   * Whoever asks for it by `cookie` gets the tokens as cookies, and as nothing else. A browser that signs in anew has the
   * session of before no longer (ASVS 5.0, 7.2.4): it would forget it, and nobody else should go on with it.
   */
  async answer(
    signedIn: S,
    { cookie }: { readonly cookie: boolean },
    reply: FastifyReply,
  ): Promise<SignInAnswer<S>> {
    const former = cookieIn(reply.request.headers, this.session);
    if (former) await this.endFormer(former, signedIn);
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

  /** The device stays known. */
  clear(reply: FastifyReply): void {
    setCookie(reply, this.session, '', 0);
  }

  /** What a browser's cookie says of its device, where the body says nothing. */
  withDevice<T extends { readonly device_token?: string }>(dto: T, headers: IncomingHttpHeaders): T {
    return { ...dto, device_token: dto.device_token ?? cookieIn(headers, this.device) };
  }

  /** What a request proves its session with: the bearer's token, or else the cookie's. */
  credentialOf(headers: IncomingHttpHeaders): SessionCredential | undefined {
    return sessionCredentialOf(headers, this.session);
  }
}
