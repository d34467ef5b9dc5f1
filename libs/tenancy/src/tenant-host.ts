import { slugProblem } from './slug';

/**
 * The slug of the tenant that a request's host names: `<slug>.<baseDomain>`. Port, case and a trailing dot
 * are ignored. Null for the base domain itself, a host outside it, an IP address, a deeper subdomain, and a
 * label that is not a valid slug (`www` is reserved): such a host names no tenant.
 */
export function tenantSlugOfHost(host: string | undefined, baseDomain: string): string | null {
  const base = hostnameOf(baseDomain);
  const hostname = hostnameOf(host ?? '');
  if (base === '' || !hostname.endsWith(`.${base}`) || isIpv4Like(hostname)) return null;
  const label = hostname.slice(0, -base.length - 1);
  return slugProblem(label) === null ? label : null;
}

/**
 * The URL at which a tenant will be reachable, known before its plane exists. Keeps the base domain's port.
 * Uses plain HTTP only below `localhost`, where requests never leave the machine (RFC 6761 section 6.3).
 */
export function plannedTenantUrl(slug: string, baseDomain: string): string {
  const base = hostnameOf(baseDomain);
  const scheme = base === 'localhost' || base.endsWith('.localhost') ? 'http' : 'https';
  return `${scheme}://${slug}.${base}${PORT.exec(baseDomain)?.[0] ?? ''}`;
}

const PORT = /:\d+$/;

const hostnameOf = (host: string): string => host.toLowerCase().replace(PORT, '').replace(/\.$/, '');

/**
 * A host whose last label is a number is an IPv4 address or invalid (WHATWG URL, "ends in a number checker").
 */
const isIpv4Like = (hostname: string): boolean => /(^|\.)\d+$/.test(hostname);
