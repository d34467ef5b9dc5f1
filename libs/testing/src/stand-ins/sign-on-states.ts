/** Where browsers come back to from an OpenID provider, and what they then hold. */
export interface SignOnReturns {
  /** Of the browser's latest attempt. */
  readonly url: string;
  readonly cookie: string;
  /** Of an earlier attempt in the same browser. */
  readonly firstUrl: string;
  readonly firstCookie: string;
  /** Of another browser. */
  readonly otherUrl: string;
  readonly otherCookie: string;
}

/** Every return that must sign nobody in: its `state` is not the one that the cookie was given for. */
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
    ['twice', withStates(stateOf(url), stateOf(url)), cookie],
    ['of an earlier attempt', withStates(stateOf(firstUrl)), cookie],
    ['of an earlier attempt, with its code', firstUrl, cookie],
    ["somebody else's", withStates(stateOf(otherUrl)), cookie],
    ["somebody else's, with their code", otherUrl, cookie],
    ['that of the browser, with the cookie of another', url, otherCookie],
    ['that of the browser, with the cookie of an earlier attempt', url, firstCookie],
    ['without a cookie', url, ''],
  ];
}

function stateOf(url: string): string {
  return new URL(url).searchParams.get('state') ?? '';
}
