import { badSignature } from './signature.errors';

/** Names in lower case, as Node provides them. */
export type HeaderBag = Readonly<Record<string, string | string[] | undefined>>;

/** The headers to send with the signed message. */
export type SignedHeaders = Record<string, string> & {
  readonly 'content-digest': string;
  readonly 'signature-input': string;
  readonly signature: string;
};

/** A field sent twice is an array here, or joined with a comma, which none of our fields allows. */
export function singleHeader(headers: HeaderBag, name: string): string {
  const value = headers[name];
  if (typeof value !== 'string') throw badSignature(`The header ${name} must be sent exactly once.`);
  return value;
}
