import list from 'popular-passwords/data.json';
import { MIN_PASSWORD_LENGTH } from './passwords';

let common: ReadonlySet<string> | undefined;

/** Those of the most common passwords that are long enough to be taken here, in small letters. */
export function commonPasswords(): ReadonlySet<string> {
  const longEnough = (): string[] => list.filter(({ length }) => length >= MIN_PASSWORD_LENGTH);
  return (common ??= new Set(longEnough().map((password) => password.toLowerCase())));
}
