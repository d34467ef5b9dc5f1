import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, type LookupFunction, isIP } from 'node:net';

/**
 * Addresses outside the public internet, from the registries of special-purpose addresses (RFC 6890):
 * https://www.iana.org/assignments/iana-ipv4-special-registry, .../iana-ipv6-special-registry
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** All globally routed IPv6 addresses, and the exceptions among them: Teredo, documentation and 6to4. */
const GLOBAL_IPV6 = '2000::/3';
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = { ipv4: blockList('ipv4', SPECIAL_IPV4), ipv6: blockList('ipv6', SPECIAL_IPV6) };
const routed = blockList('ipv6', [GLOBAL_IPV6]);

export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '');
  if (isIP(bare) === 4) return !special.ipv4.check(bare, 'ipv4');
  return isIP(bare) === 6 && routed.check(bare, 'ipv6') && !special.ipv6.check(bare, 'ipv6');
}

export class PrivateAddress extends Error {
  constructor(host: string) {
    super(`${host} has an address that is not on the public internet`);
  }
}

/**
 * For `http.request`, which then connects to exactly the address that was checked. A second lookup could
 * return a different address.
 */
export const lookupPublic: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const [first] = found ?? [];
    if (error || !first) return done(error ?? new Error(`${host} has no address`), '');
    if (!found.every(({ address }) => isPublicAddress(address))) return done(new PrivateAddress(host), '');
    return options.all ? done(null, found) : done(null, first.address, first.family);
  });
};

function blockList(family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', prefix] = subnet.split('/');
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
}
