import { validationFailed } from '@atlas/platform';
import { type MatcherDto, type SilenceView } from '@atlas/tenant-api/alerts';
import { RE2JS, RE2JSException } from 're2js';
import { type Labels, labelOf } from './alert.entity';
import { type Silence } from './silence.entity';

type Matcher = SilenceView['matchers'][number];

/**
 * RE2 takes time in proportion to the size of the pattern and the length of the label, so both are limited.
 * The size is counted in instructions, of which `.{0,100}` has 200.
 */
const MAX_SIZE = 250;
const LONGEST_PATTERN = 200;
const LONGEST_LABEL = 1000;
/** Checked before the pattern is compiled, because compiling takes time as well. */
const MANY_TIMES = /\{\d*,?\d{3,}/;

/** Matchers as they are stored. Throws `validation_failed` for an unsuitable regular expression. */
export function matchersOf(given: readonly MatcherDto[]): Matcher[] {
  return given.map(({ name, value, is_regex = false, is_equal = true }, index) => {
    const problem = is_regex ? patternProblem(value) : null;
    if (problem !== null) {
      const field = `matchers.${index}.value`;
      throw validationFailed([{ field, message: `${field} ${problem}` }]);
    }
    return { name, value, is_regex, is_equal };
  });
}

/** Returns a function that finds the first of these silences that applies to an alert. */
export function silencing(silences: readonly Silence[]): (labels: Labels) => Silence | undefined {
  const all = silences.map((silence) => ({ silence, tests: silence.matchers.map(testOf) }));
  return (labels) => all.find(({ tests }) => tests.every((test) => test(labels)))?.silence;
}

/** A regular expression must match the whole label, as in Alertmanager. */
function testOf({ name, value, is_regex, is_equal }: Matcher): (labels: Labels) => boolean {
  const matches = is_regex ? wholly(value) : (text: string): boolean => text === value;
  return (labels) => matches(labelOf(labels, name)) === is_equal;
}

function wholly(value: string): (text: string) => boolean {
  let pattern: RE2JS | undefined;
  return (text) => {
    pattern ??= RE2JS.compile(value);
    return text.length <= LONGEST_LABEL && pattern.matches(text);
  };
}

function patternProblem(value: string): string | null {
  if (value.length > LONGEST_PATTERN) return `has more than ${LONGEST_PATTERN} characters`;
  if (MANY_TIMES.test(value)) return 'repeats something more than 99 times';
  try {
    return RE2JS.compile(value).programSize() > MAX_SIZE ? 'is too large. Repeat less' : null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `is not a regular expression: ${error.message}`;
  }
}
