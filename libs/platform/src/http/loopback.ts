import { isIPv4 } from 'node:net';

/** Whether a URL points to this machine, in which case plain http exposes nothing. */
export function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url);
  if (isIPv4(hostname)) return hostname.startsWith('127.');
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]';
}

/** Whether data sent to a URL can be read in transit. */
export function isPlainHttp(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'http:' && !isLoopbackUrl(url);
}
