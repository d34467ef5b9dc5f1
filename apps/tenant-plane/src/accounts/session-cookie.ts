import { type IncomingHttpHeaders } from 'node:http';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { type SignedIn } from './sessions';

const NAME = 'atlas_session';
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

export interface SessionCredential {
  readonly token: string;
  /** A browser sends it by itself, whichever page makes it ask. */
  readonly isCookie: boolean;
}

/** The session of a browser, in a cookie that no script can read. */
@Injectable()
export class SessionCookie {
  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Puts the session's token into the cookie, and into nothing else. */
  handOver(
    { token, expires_at, user }: SignedIn,
    reply: FastifyReply,
  ): Pick<SignedIn, 'expires_at' | 'user'> {
    const seconds = Math.floor((expires_at.getTime() - this.clock.now().getTime()) / 1000);
    this.set(reply, token, seconds);
    return { expires_at, user };
  }

  clear(reply: FastifyReply): void {
    this.set(reply, '', 0);
  }

  private set(reply: FastifyReply, value: string, seconds: number): void {
    const secure = this.config.isProduction ? '; Secure' : '';
    const cookie = `${cookieName(this.config)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
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
  const name = cookieName(config);
  const found = cookie?.split(/; */).find((part) => part.startsWith(`${name}=`));
  const token = found?.slice(name.length + 1);
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
function cookieName({ isProduction }: TenantPlaneConfig): string {
  return isProduction ? `__Host-${NAME}` : NAME;
}
