import { setImmediate as nextTurn } from 'node:timers/promises';
import { validationFailed } from '@atlas/platform';
import { type MatcherDto, type SilenceView } from '@atlas/tenant-api/alerts';
import { patternProblem, patternSize, wholeMatch } from '@atlas/tenant-api/patterns';
import { type Labels, labelOf } from './alert.entity';
import { type Silence } from './silence.entity';

type Matcher = SilenceView['matchers'][number];

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

/** How many instructions the regular expressions of these matchers have. */
export function sizeOf(matchers: readonly Matcher[]): number {
  const patterns = matchers.filter(({ is_regex, value }) => is_regex && patternProblem(value) === null);
  return patterns.reduce((size, { value }) => size + patternSize(value), 0);
}

/** Finds the first of these silences that applies to an alert. */
export type Silencing = (labels: Labels) => Promise<Silence | undefined>;

/**
 * Returns a function that compares an alert with these silences. Other requests are handled between alerts,
 * because comparing many of them takes long.
 */
export function silencing(silences: readonly Silence[]): Silencing {
  const all = silences.map((silence) => ({ silence, tests: silence.matchers.map(testOf) }));
  return async (labels) => {
    if (all.length > 0) await nextTurn();
    return all.find(({ tests }) => tests.every((test) => test(labels)))?.silence;
  };
}

/** A regular expression must match the whole label, as in Alertmanager. */
function testOf({ name, value, is_regex, is_equal }: Matcher): (labels: Labels) => boolean {
  const matches = is_regex ? wholeMatch(value) : (text: string): boolean => text === value;
  return (labels) => matches(labelOf(labels, name)) === is_equal;
}
