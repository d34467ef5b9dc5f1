import { DomainError } from '@atlas/platform';
import { patternProblem, wholeMatch } from '@atlas/tenant-api/patterns';
import { LONGEST_VALUE, type ParameterView } from '@atlas/tenant-api/runbooks';
import { type Values } from './placeholders';

/** A shorter value could not be hidden in outputs without hiding much else. */
const SHORTEST_SECRET = 4;
/** For all values of a run, which is listed with them. */
const MAX_BYTES = 65_536;

/** Throws `invalid_pattern`. */
export function requirePattern(name: string, pattern: string): void {
  const problem = patternProblem(pattern);
  if (problem === null) return;
  const detail = `The pattern of parameter "${name}" ${problem}.`;
  throw new DomainError('invalid_pattern', 'unprocessable', detail);
}

/** Checks the values that a run was given. Throws `invalid_parameters`, which lists every fault. */
export function checkedValues(parameters: readonly ParameterView[], given: Record<string, unknown>): Values {
  const known = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  const faults = [
    ...unknown.map((name) => `there is no parameter "${name.slice(0, 60)}"`),
    ...parameters.flatMap((parameter) => faultOf(parameter, given[parameter.name]) ?? []),
    ...sizeFaults(given),
  ];
  if (faults.length > 0)
    throw new DomainError(
      'invalid_parameters',
      'unprocessable',
      `Nothing was started: ${faults.join('; ')}.`,
    );
  return new Map(Object.entries(given).map(([name, value]) => [name, String(value)]));
}

function sizeFaults(given: Record<string, unknown>): string[] {
  const bytes = Buffer.byteLength(JSON.stringify(given));
  return bytes > MAX_BYTES ? [`the values have ${bytes} bytes; at most ${MAX_BYTES} are allowed`] : [];
}

function faultOf(
  { name, required, enum: allowed, pattern, secret }: ParameterView,
  value: unknown,
): string | null {
  if (value === undefined) return required ? `"${name}" is required` : null;
  if (typeof value !== 'string' || value.length > LONGEST_VALUE)
    return `"${name}" must be a string of at most ${LONGEST_VALUE} characters`;
  if (secret && value.length < SHORTEST_SECRET)
    return `"${name}" must have at least ${SHORTEST_SECRET} characters, so that it can be hidden in outputs`;
  if (hasControlCharacter(value)) return `"${name}" must not contain line breaks or control characters`;
  if (!value.isWellFormed()) return `"${name}" must not contain half of a character`;
  if (allowed && !allowed.includes(value)) return `"${name}" must be one of ${allowed.join(', ')}`;
  if (pattern !== null && !wholeMatch(pattern)(value)) return `"${name}" must match ${pattern}`;
  return null;
}

/** Such characters could end a header or a line of a log. */
function hasControlCharacter(value: string): boolean {
  return [...value].some((character) => character < ' ' || character === '\x7f');
}
