import list from 'popular-passwords/data.json';
import { MIN_PASSWORD_LENGTH } from './passwords';

let common: ReadonlySet<string> | undefined;

/** The most common passwords that meet the minimum length, in lower case. */
export function commonPasswords(): ReadonlySet<string> {
  const longEnough = (): string[] => list.filter(({ length }) => length >= MIN_PASSWORD_LENGTH);
  return (common ??= new Set(longEnough().map((password) => password.toLowerCase())));
}
