import { isPlainHttp } from '../http/loopback';

/**
 * What is wrong with the URL of an OpenID provider, or null. The URL must be spelled exactly as the provider
 * spells it.
 */
export function issuerProblem(text: string): string | null {
  if (!URL.canParse(text) || !/^https?:/.test(text)) return 'must be the URL of an OpenID provider';
  if (isPlainHttp(text)) return 'must be https, except on this machine';
  const { username, password, search, hash } = new URL(text);
  return username || password || search || hash || text.includes('#') || text.includes('?')
    ? 'must be a URL without user name, password, query or fragment'
    : null;
}
