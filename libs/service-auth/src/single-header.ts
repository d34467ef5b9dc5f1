import { badSignature } from './signature.errors';
import { type HeaderBag } from './signed-headers';

/**
 * If a header is sent twice, Node provides an array, or both values joined with a comma. Later checks refuse
 * such a joined value.
 */
export function singleHeader(headers: HeaderBag, name: string): string {
  const value = headers[name];
  if (typeof value !== 'string') throw badSignature(`The header ${name} must be sent exactly once.`);
  return value;
}
