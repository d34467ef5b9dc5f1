import { validationFailed } from '../errors/errors';
import { commonPasswords } from './common-passwords';

/** How much of a password has to be left when the words that anybody would guess here are taken out. */
const LEAST_REST = 8;
const SHORTEST_WORD = 4;
const PRODUCT = 'atlas';

/**
 * What must not be chosen (ASVS 5.0, 6.2.4 and 6.2.11): what many have, and what follows from where it is for. How a
 * password is composed is nobody's business. `words`: names of the account and of what it opens. Throws `validation_failed`.
 */
export function refuseGuessable(password: string, words: readonly string[], field = 'password'): void {
  const plain = password.toLowerCase();
  if (commonPasswords().has(plain)) throw refused(field, 'is one that many people have: choose another');
  if (restOf(plain, words).length < LEAST_REST)
    throw refused(field, 'is little more than a name that belongs here: choose another');
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
