import { isIP } from 'node:net';

const MAYBE_IPV6 = /[0-9a-f:.]{3,}/gi;
const MAYBE_IPV4 = /(?<!\d)\d{1,3}([.-])\d{1,3}\1\d{1,3}\1\d{1,3}(?!\d)/g;
const WORD = /[\p{L}\p{N}_]$/u;
const STARTS_WITH_WORD = /^[\p{L}\p{N}_]/u;
/** An IPv6 address has at most eight groups, and a colon at either end. */
const MOST_COLONS = 9;

/** Replaces IPv4 and IPv6 addresses, also those inside the names of hosts, such as `ip-10-0-0-1`. */
export function replaceAddresses(text: string, instead: (address: string) => string): string {
  return text
    .replace(MAYBE_IPV6, (run, at: number) => {
      const colons = run.split(':').length - 1;
      if (colons < 2) return run;
      const isAfterWord = WORD.test(text.slice(Math.max(0, at - 2), at));
      const isBeforeWord = STARTS_WITH_WORD.test(text.slice(at + run.length, at + run.length + 2));
      return replaceIn(run, { isAfterWord, isBeforeWord }, instead);
    })
    .replace(MAYBE_IPV4, (found) => (isIPv4(found) ? instead(found) : found));
}

interface Around {
  readonly isAfterWord: boolean;
  readonly isBeforeWord: boolean;
}

/** What stands before an address can end with a colon, and so can the address' own sentence. */
function replaceIn(run: string, around: Around, instead: (address: string) => string): string {
  const isBoundary = (at: number): boolean => {
    if (at === 0) return !around.isAfterWord;
    if (at === run.length) return !around.isBeforeWord;
    return /[:.]/.test(run.charAt(at - 1)) || /[:.]/.test(run.charAt(at));
  };
  let replaced = '';
  let start = 0;
  while (start < run.length) {
    const address = isBoundary(start) ? longestAt(run, start, isBoundary) : '';
    replaced += address === '' ? run.charAt(start) : instead(address);
    start += Math.max(1, address.length);
  }
  return replaced;
}

function longestAt(run: string, start: number, isBoundary: (at: number) => boolean): string {
  let longest = '';
  let colons = 0;
  for (let end = start + 1; end <= run.length && colons <= MOST_COLONS; end += 1) {
    if (run.charAt(end - 1) === ':') colons += 1;
    const address = run.slice(start, end);
    if (colons >= 2 && isBoundary(end) && address !== '::' && isIP(address) === 6) longest = address;
  }
  return longest;
}

/** Unlike `isIP`, accepts leading zeros. */
function isIPv4(text: string): boolean {
  return text.split(/[.-]/).every((octet) => Number(octet) <= 255);
}
