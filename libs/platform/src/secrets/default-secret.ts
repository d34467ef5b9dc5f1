import { ValidateBy } from 'class-validator';
import { Secret } from './secret';

const FEWEST_CHARACTERS = 5;

/** Words that make up the placeholder secrets in examples, manuals and installers. */
const WORDS = new Set(
  (
    'a admin at atlas change changeit changeme changethis characters choose db default example here ' +
    'hex internal key ' +
    'least long me metrics more my of one openssl or own passwd password placeholder postgres rand ' +
    'random replace root ' +
    'scraper secret service test text this to token user with your'
  ).split(' '),
);

/** Whether a secret is a known placeholder or easy to guess. */
export function isDefaultSecret(text: string): boolean {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const letters = words.join('').length;
  const digits = text.match(/\d/g)?.length ?? 0;
  // A secret that is mostly digits does not count as words, because random hex may contain hardly any
  // letters.
  const isMadeOfWords = letters > 0 && digits <= 2 * letters;
  const isProse = isMadeOfWords && words.every((word) => WORDS.has(word));
  return isProse || new Set(text).size < FEWEST_CHARACTERS;
}

/**
 * In production, rejects a secret for which {@link isDefaultSecret} is true. `part` extracts the secret if it
 * is only a part of the value.
 */
export function NoDefaultInProduction(
  part: (value: string) => string | undefined = (value) => value,
): PropertyDecorator {
  const isGood = (given: unknown, config: object | undefined): boolean => {
    const value = given instanceof Secret ? given.reveal() : given;
    const isProduction = (config as { NODE_ENV?: string }).NODE_ENV === 'production';
    const secret = isProduction && typeof value === 'string' ? part(value) : undefined;
    return secret === undefined || !isDefaultSecret(secret);
  };
  return ValidateBy({
    name: 'noDefaultSecret',
    validator: {
      validate: (value, args) => isGood(value, args?.object),
      defaultMessage: () => '$property contains a well-known secret: generate one with openssl rand -hex 24',
    },
  });
}

/**
 * The password in a URL, or undefined. A password equal to the user name is returned as `password`, which is
 * a default secret.
 */
export function passwordInUrl(url: string): string | undefined {
  const { username = '', password = '' } = URL.canParse(url) ? new URL(url) : {};
  if (password === '') return undefined;
  return password === username ? 'password' : decoded(password);
}

/** Text with malformed encoding is returned unchanged. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
