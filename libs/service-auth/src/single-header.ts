import { badSignature } from './signature.errors';
import { type HeaderBag } from './signed-headers';

/** Node provides a field sent twice as an array, or joined with a comma, which none of our fields allows. */
export function singleHeader(headers: HeaderBag, name: string): string {
  const value = headers[name];
  if (typeof value !== 'string') throw badSignature(`The header ${name} must be sent exactly once.`);
  return value;
}
