import { validationFailed } from '@atlas/platform';
import { type MatcherDto, type SilenceView } from '@atlas/tenant-api/alerts';
import { RE2JS, RE2JSException } from 're2js';
import { type Labels } from './alert.entity';
import { type Silence } from './silence.entity';

type Matcher = SilenceView['matchers'][number];

/** Matchers as they are stored. Throws `validation_failed` for a regular expression that RE2 does not accept. */
export function matchersOf(given: readonly MatcherDto[]): Matcher[] {
  return given.map(({ name, value, is_regex = false, is_equal = true }, index) => {
    if (is_regex) compiled(value, `matchers.${index}.value`);
    return { name, value, is_regex, is_equal };
  });
}

/** Returns a function that finds the first of these silences that applies to an alert. */
export function silencing(silences: readonly Silence[]): (labels: Labels) => Silence | undefined {
  const all = silences.map((silence) => ({ silence, tests: silence.matchers.map(testOf) }));
  return (labels) => all.find(({ tests }) => tests.every((test) => test(labels)))?.silence;
}

/** A regular expression must match the whole label, as in Alertmanager. RE2 takes linear time. */
function testOf({ name, value, is_regex, is_equal }: Matcher): (labels: Labels) => boolean {
  const matches = is_regex ? wholly(value) : (text: string): boolean => text === value;
  return (labels) => matches(labels[name] ?? '') === is_equal;
}

function wholly(value: string): (text: string) => boolean {
  const pattern = RE2JS.compile(value);
  return (text) => pattern.matches(text);
}

function compiled(value: string, field: string): void {
  try {
    RE2JS.compile(value);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw validationFailed([{ field, message: `${field} is not a regular expression: ${error.message}` }]);
  }
}
