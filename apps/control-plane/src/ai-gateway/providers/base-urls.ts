import { isIP } from 'node:net';
import { type FieldError, isLoopbackUrl, isPublicAddress } from '@atlas/platform';

/**
 * What is wrong with a provider's base URL. Only owners set it, so it may have a private address, which is
 * where models run that are hosted by the operator. Without TLS it must have one: then this checks a literal
 * address, and ProviderConnections each name whenever it connects.
 */
export function baseUrlProblem(text: string): FieldError | null {
  const url = new URL(text);
  const problem = (message: string): FieldError => ({ field: 'base_url', message });
  if (url.username || url.password) return problem('must not contain credentials; send the key as `key`');
  if (url.search || url.hash) return problem('must not have a query or a fragment');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'http:' && !isLoopbackUrl(text) && isIP(host) !== 0 && isPublicAddress(host))
    return problem('must be https, because its address is on the public internet');
  return null;
}
