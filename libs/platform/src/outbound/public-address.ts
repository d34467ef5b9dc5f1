import { IPv6, parse } from 'ipaddr.js';

/** Only 2000::/3 is assigned to global addresses. */
const GLOBAL = IPv6.parseCIDR('2000::/3');
/** Azure's metadata and DNS service, which uses a public address. */
const OF_CLOUDS = ['168.63.129.16'];

/**
 * Whether the address is on the internet. False for addresses of private networks, of this machine, of cloud
 * metadata, for reserved ranges, and for IPv6 addresses that contain an IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = parse(address);
  if (parsed.range() !== 'unicast' || OF_CLOUDS.includes(address)) return false;
  return parsed instanceof IPv6 ? parsed.match(GLOBAL) : true;
}
