import { badSignature } from './signature.errors';
import { type HeaderBag } from './signed-headers';

/** A field sent twice comes as an array here, or joined with a comma, which no field of ours allows. */
export function singleHeader(headers: HeaderBag, name: string): string {
  const value = headers[name];
  if (typeof value !== 'string') throw badSignature(`The header ${name} has to be sent exactly once.`);
  return value;
}
