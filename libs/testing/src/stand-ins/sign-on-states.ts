/** The URLs to which an OpenID provider returns browsers, and the cookies of those browsers. */
export interface SignOnReturns {
  /** The URL from the browser's latest attempt. */
  readonly url: string;
  readonly cookie: string;
  /** The URL from an earlier attempt in the same browser. */
  readonly firstUrl: string;
  readonly firstCookie: string;
  /** The URL from another browser. */
  readonly otherUrl: string;
  readonly otherCookie: string;
}

/** Every return that must not sign anyone in, because its `state` does not match the cookie. */
export function badSignOnReturns(
  returns: SignOnReturns,
): readonly (readonly [what: string, url: string, cookie: string])[] {
  const { url, cookie, firstUrl, firstCookie, otherUrl, otherCookie } = returns;
  const withStates = (...states: string[]): string => {
    const changed = new URL(url);
    changed.searchParams.delete('state');
    for (const state of states) changed.searchParams.append('state', state);
    return changed.href;
  };
  return [
    ['missing', withStates(), cookie],
    ['empty', withStates(''), cookie],
    ['forged', withStates('forged'), cookie],
    ['duplicated', withStates(stateOf(url), stateOf(url)), cookie],
    ['from an earlier attempt', withStates(stateOf(firstUrl)), cookie],
    ['from an earlier attempt, with its code', firstUrl, cookie],
    ['from another browser', withStates(stateOf(otherUrl)), cookie],
    ['from another browser, with its code', otherUrl, cookie],
    ['valid, but with the cookie of another browser', url, otherCookie],
    ['valid, but with the cookie of an earlier attempt', url, firstCookie],
    ['without a cookie', url, ''],
  ];
}

function stateOf(url: string): string {
  return new URL(url).searchParams.get('state') ?? '';
}
