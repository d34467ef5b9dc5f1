import { isIPv4 } from 'node:net';

/** Whether a URL points to this machine, in which case plain http exposes nothing. */
export function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url);
  if (isIPv4(hostname)) return hostname.startsWith('127.');
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]';
}

/** Browsers and curl resolve names such as `demo.localhost` themselves. Many resolvers do not know them. */
export function loopbackInstead(url: string): string | null {
  const { protocol, hostname, port } = new URL(url);
  return hostname.endsWith('.localhost') ? `${protocol}//127.0.0.1${port && `:${port}`}` : null;
}

/** Whether data sent to a URL can be read in transit. */
export function isPlainHttp(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'http:' && !isLoopbackUrl(url);
}
