import { type IncomingHttpHeaders } from 'node:http';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { DomainError } from '../errors/errors';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A cookie that no script can read. In production only this host can set it, and only over https (RFC
 * 6265bis).
 */
export interface CookieName {
  readonly name: string;
  readonly isProduction: boolean;
}

export interface SessionCredential {
  readonly token: string;
  /**
   * Whether the token came from a cookie. Browsers send cookies automatically, no matter which page triggers
   * the request.
   */
  readonly isCookie: boolean;
}

/** Deletes the cookie if `seconds` is 0. Browsers forget a cookie `until closed` when they are closed. */
export function setCookie(
  reply: FastifyReply,
  cookie: CookieName,
  value: string,
  seconds: number | 'until closed',
): void {
  const secure = cookie.isProduction ? '; Secure' : '';
  const age = seconds === 'until closed' ? '' : `; Max-Age=${seconds}`;
  const name = fullName(cookie, reply.request.headers);
  const text = `${name}=${value}; Path=/${age}; HttpOnly; SameSite=Lax${secure}`;
  void reply.header('set-cookie', text);
}

export function cookieIn(headers: IncomingHttpHeaders, cookie: CookieName): string | undefined {
  const name = fullName(cookie, headers);
  const found = headers.cookie?.split(/; */).find((part) => part.startsWith(`${name}=`));
  return found?.slice(name.length + 1) || undefined;
}

/**
 * The session token of a request: the bearer token (empty for another scheme) if there is an Authorization
 * header, otherwise the cookie.
 */
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

/**
 * A request that changes something and is authenticated by the cookie must come from a page of the same
 * origin (https://www.w3.org/TR/fetch-metadata/).
 */
export function refuseOtherSites({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): void {
  if (SAFE_METHODS.includes(method) || isSameOrigin(headers)) return;
  throw new DomainError(
    'csrf_refused',
    'forbidden',
    'With a session cookie, only a page of the same origin may make changes. In a program, send the ' +
      'token as a bearer token.',
  );
}

/** Older browsers send Origin but not Sec-Fetch-Site. */
function isSameOrigin({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return origin === `https://${host}` || origin === `http://${host}`;
}

/** A host that several local planes share, each on a port of its own. */
const SHARED_HOST = /^(?:localhost|[\d.]+|\[[\da-f:.]+\]):(?<port>\d+)$/i;

/** Browsers send a host's cookies to all its ports (RFC 6265, section 8.5), so the names differ by port. */
function fullName({ name, isProduction }: CookieName, { host = '' }: IncomingHttpHeaders): string {
  if (isProduction) return `__Host-${name}`;
  const port = SHARED_HOST.exec(host)?.groups?.['port'];
  return port === undefined ? name : `${name}_${port}`;
}
