import { validationFailed } from '../errors/errors';
import { commonPasswords } from './common-passwords';

/** How many characters must remain once guessable words are removed. */
const LEAST_REST = 8;
const SHORTEST_WORD = 4;
const PRODUCT = 'atlas';

/**
 * Rejects passwords that are common or derived from their context (ASVS 5.0, 6.2.4 and 6.2.11). There are no
 * composition rules. `words` are the names of the account and of what it gives access to. Throws
 * `validation_failed`.
 */
export function refuseGuessable(password: string, words: readonly string[], field = 'password'): void {
  const plain = password.toLowerCase();
  if (commonPasswords().has(plain)) throw refused(field, 'is too common: choose another');
  if (restOf(plain, words).length < LEAST_REST)
    throw refused(field, 'is too close to a name that is easy to guess: choose another');
}

function restOf(password: string, words: readonly string[]): string {
  const guessed = words.flatMap((word) => [
    word.toLowerCase(),
    ...word.toLowerCase().split(/[^\p{L}\p{N}]+/u),
  ]);
  return [PRODUCT, ...guessed]
    .filter((word) => word.length >= SHORTEST_WORD)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, word) => rest.replaceAll(word, ''), password);
}

function refused(field: string, message: string): Error {
  return validationFailed([{ field, message }]);
}
