import { RE2JS, RE2JSException } from 're2js';

/**
 * Users write patterns, and others write the text that is compared with them. RE2 takes time in proportion to
 * the size of the pattern and the length of the text, so both are limited. The size is counted in
 * instructions, of which `.{0,100}` has 200.
 */
const MAX_SIZE = 250;
const LONGEST_PATTERN = 200;
const LONGEST_TEXT = 1000;
/** Checked before the pattern is compiled, because compiling takes time as well. */
const MANY_TIMES = /\{\d*,?\d{3,}/;

/** How many instructions a pattern has that {@link patternProblem} has no objection to. */
export function patternSize(pattern: string): number {
  return RE2JS.compile(pattern).programSize();
}

/** Why a regular expression cannot be used, such as `has more than 200 characters`. Null if it can. */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > LONGEST_PATTERN) return `has more than ${LONGEST_PATTERN} characters`;
  if (MANY_TIMES.test(pattern)) return 'repeats something more than 99 times';
  try {
    return patternSize(pattern) > MAX_SIZE ? 'is too large. Repeat less' : null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `is not a regular expression in RE2 syntax: ${error.message}`;
  }
}

/**
 * Whether a text of up to 1,000 characters matches the whole pattern. A longer text matches none, and nothing
 * matches a pattern that cannot be used, which an imported archive may contain. A matcher tries each
 * instruction once at each place of the text. `RE2JS.matches` would build an automaton instead. For some
 * patterns, that takes 100 times as long, and 8 MB for each pattern.
 */
export function wholeMatch(pattern: string): (text: string) => boolean {
  let compiled: { readonly usable: RE2JS | null } | undefined;
  return (text) => {
    if (text.length > LONGEST_TEXT) return false;
    compiled ??= { usable: patternProblem(pattern) === null ? RE2JS.compile(pattern) : null };
    return compiled.usable?.matcher(text).matches() ?? false;
  };
}
