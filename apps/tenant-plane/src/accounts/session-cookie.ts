import { type IncomingHttpHeaders } from 'node:http';
import { DEVICE_SECONDS } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { type SignedIn } from './sessions';

const SESSION = 'atlas_session';
const DEVICE = 'atlas_device';
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

export interface SessionCredential {
  readonly token: string;
  /** A browser sends it by itself, whichever page makes it ask. */
  readonly isCookie: boolean;
}

/** Without the tokens where they are set as cookies. */
export type SignInAnswer = Pick<SignedIn, 'expires_at' | 'user'> & Partial<SignedIn>;

interface HasDevice {
  readonly device_token?: string;
}

/** The session of a browser, and that the device is known, in cookies that no script can read. */
@Injectable()
export class SessionCookie {
  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Whoever asks for it by `cookie` gets the tokens as cookies, and as nothing else. */
  answer(signedIn: SignedIn, { cookie }: { readonly cookie: boolean }, reply: FastifyReply): SignInAnswer {
    if (!cookie) return signedIn;
    const { token, expires_at, user, device_token } = signedIn;
    const seconds = Math.floor((expires_at.getTime() - this.clock.now().getTime()) / 1000);
    this.set(reply, SESSION, token, seconds);
    if (device_token) this.set(reply, DEVICE, device_token, DEVICE_SECONDS);
    return { expires_at, user };
  }

  /** The device stays known. */
  clear(reply: FastifyReply): void {
    this.set(reply, SESSION, '', 0);
  }

  /** What a browser's cookie says, where the body says nothing. */
  withDevice<T extends HasDevice>(dto: T, { cookie }: IncomingHttpHeaders): T {
    const device_token = dto.device_token ?? valueOf(cookie, cookieName(DEVICE, this.config));
    return { ...dto, device_token };
  }

  private set(reply: FastifyReply, name: string, value: string, seconds: number): void {
    const secure = this.config.isProduction ? '; Secure' : '';
    const cookie = `${cookieName(name, this.config)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
    void reply.header('set-cookie', cookie);
  }
}

/** What a request proves its session with: the bearer's token, empty for another scheme; or else the cookie's. */
export function sessionCredentialOf(
  { authorization, cookie }: IncomingHttpHeaders,
  config: TenantPlaneConfig,
): SessionCredential | undefined {
  if (authorization !== undefined)
    return { token: /^Bearer (\S+)$/.exec(authorization)?.[1] ?? '', isCookie: false };
  const token = valueOf(cookie, cookieName(SESSION, config));
  return token ? { token, isCookie: true } : undefined;
}

/** What changes something by the cookie has to come from a page of this very address (https://www.w3.org/TR/fetch-metadata/). */
export function refuseOtherSites({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): void {
  if (SAFE_METHODS.includes(method) || isSameOrigin(headers)) return;
  throw new DomainError(
    'csrf_refused',
    'forbidden',
    'With a session cookie only a page of this very address may change something. Programs send the token as a bearer.',
  );
}

/** Older browsers say where a page is from, but not how that is related to us. */
function isSameOrigin({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return origin === `https://${host}` || origin === `http://${host}`;
}

/** With the prefix only this very host can set it, and only by https (RFC 6265bis). */
function cookieName(name: string, { isProduction }: TenantPlaneConfig): string {
  return isProduction ? `__Host-${name}` : name;
}

function valueOf(cookies: string | undefined, name: string): string | undefined {
  const found = cookies?.split(/; */).find((part) => part.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}
