import { BlockList, isIP, isIPv4 } from 'node:net';

/** The addresses and networks in a comma-separated list. */
export function proxiesIn(list: string | undefined): string[] {
  return (list ?? '').split(',').flatMap((part) => part.trim() || []);
}

/** What is wrong with a list of proxies, or null. */
export function proxiesProblem(list: string): string | null {
  const isGood = proxiesIn(list).every((entry) => isNetwork(entry));
  return isGood ? null : 'must be addresses or networks such as 10.0.0.0/8, separated by commas';
}

/** Whether an address is a proxy whose `x-forwarded-for` is trusted. */
export function trustOf(proxies: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList();
  for (const entry of proxies) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  return (address) => isIP(address) > 0 && trusted.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

function isNetwork(entry: string): boolean {
  const { address = '', bits } =
    /^(?<address>[0-9a-fA-F.:]+)(?:\/(?<bits>\d{1,3}))?$/.exec(entry)?.groups ?? {};
  const most = isIPv4(address) ? 32 : 128;
  // A /0 network would let any client choose its own address.
  return isIP(address) > 0 && (bits === undefined || (Number(bits) >= 1 && Number(bits) <= most));
}
