import { badSignature } from './signature.errors';

/** Names in lower case, as Node gives them. */
export type HeaderBag = Readonly<Record<string, string | string[] | undefined>>;

/** What to send with the message that was signed. */
export type SignedHeaders = Record<string, string> & {
  readonly 'content-digest': string;
  readonly 'signature-input': string;
  readonly signature: string;
};

/** A field sent twice comes as an array here, or joined with a comma, which no field of ours allows. */
export function singleHeader(headers: HeaderBag, name: string): string {
  const value = headers[name];
  if (typeof value !== 'string') throw badSignature(`The header ${name} has to be sent exactly once.`);
  return value;
}
