import { type IncomingHttpHeaders } from 'node:http';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { DomainError } from '../errors/errors';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** A cookie that no script can read. In production only this very host can set it, and only by https (RFC 6265bis). */
export interface CookieName {
  readonly name: string;
  readonly isProduction: boolean;
}

export interface SessionCredential {
  readonly token: string;
  /** A browser sends it by itself, whichever page makes it ask. */
  readonly isCookie: boolean;
}

/** `seconds` 0 takes it away. */
export function setCookie(reply: FastifyReply, cookie: CookieName, value: string, seconds: number): void {
  const secure = cookie.isProduction ? '; Secure' : '';
  const text = `${fullName(cookie)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
  void reply.header('set-cookie', text);
}

export function cookieIn({ cookie: sent }: IncomingHttpHeaders, cookie: CookieName): string | undefined {
  const name = fullName(cookie);
  const found = sent?.split(/; */).find((part) => part.startsWith(`${name}=`));
  return found?.slice(name.length + 1) || undefined;
}

/** What a request proves its session with: the bearer's token, empty for another scheme; or else the cookie's. */
export function sessionCredentialOf(
  headers: IncomingHttpHeaders,
  cookie: CookieName,
): SessionCredential | undefined {
  const { authorization } = headers;
  if (authorization !== undefined)
    return { token: /^Bearer (\S+)$/.exec(authorization)?.[1] ?? '', isCookie: false };
  const token = cookieIn(headers, cookie);
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

function fullName({ name, isProduction }: CookieName): string {
  return isProduction ? `__Host-${name}` : name;
}
