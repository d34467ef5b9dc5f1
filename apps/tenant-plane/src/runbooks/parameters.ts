import { DomainError } from '@atlas/platform';
import { LONGEST_VALUE, type ParameterView } from '@atlas/tenant-api/runbooks';
import { RE2JS, RE2JSException } from 're2js';
import { type Values } from './placeholders';

/** Throws `invalid_pattern`. Matching takes linear time, so no pattern can block the plane. */
export function requirePattern(name: string, pattern: string): void {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const detail =
      `The pattern of parameter "${name}" is not valid in RE2 syntax, which has no backreferences and no ` +
      `lookaround: ${error.message}`;
    throw new DomainError('invalid_pattern', 'unprocessable', detail);
  }
}

/** Checks the values that a run was given. Throws `invalid_parameters`, which lists every fault. */
export function checkedValues(parameters: readonly ParameterView[], given: Record<string, unknown>): Values {
  const known = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  const faults = [
    ...unknown.map((name) => `there is no parameter "${name.slice(0, 60)}"`),
    ...parameters.flatMap((parameter) => faultOf(parameter, given[parameter.name]) ?? []),
  ];
  if (faults.length > 0)
    throw new DomainError(
      'invalid_parameters',
      'unprocessable',
      `Nothing was started: ${faults.join('; ')}.`,
    );
  return new Map(Object.entries(given).map(([name, value]) => [name, String(value)]));
}

function faultOf({ name, required, enum: allowed, pattern }: ParameterView, value: unknown): string | null {
  if (value === undefined) return required ? `"${name}" is required` : null;
  if (typeof value !== 'string' || value.length > LONGEST_VALUE)
    return `"${name}" must be a string of at most ${LONGEST_VALUE} characters`;
  if (hasControlCharacter(value)) return `"${name}" must not contain line breaks or control characters`;
  if (allowed && !allowed.includes(value)) return `"${name}" must be one of ${allowed.join(', ')}`;
  if (pattern !== null && !RE2JS.compile(pattern).matches(value)) return `"${name}" must match ${pattern}`;
  return null;
}

/** Such characters could end a header or a line of a log. */
function hasControlCharacter(value: string): boolean {
  return [...value].some((character) => character < ' ' || character === '\x7f');
}
