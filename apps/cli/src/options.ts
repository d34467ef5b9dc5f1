import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UsageError } from './failure';
import { closestTo } from './suggestion';

const STANDARD_INPUT = 0;

export interface Option {
  readonly name: string;
  /** The placeholder for the option's value in the help. A switch has none. */
  readonly value?: string;
  readonly text: string;
  /** The default, as the help shows it. */
  readonly default?: string;
  readonly choices?: readonly string[];
  readonly isRequired?: boolean;
  readonly isNumber?: boolean;
  /** Whether the value is a list, separated by commas. */
  readonly isList?: boolean;
  /**
   * Whether the value is in a file that the option names, or `-` for standard input. Secrets must not be on
   * the command line.
   */
  readonly isFile?: boolean;
  /** What is sent for the value. Throws {@link UsageError}. */
  readonly parse?: (text: string) => unknown;
  /** The field of the request body for the option's value, such as `database.driver`. */
  readonly field?: string;
  /** The heading under which the help lists the option (default: `Options`). */
  readonly group?: string;
}

/** The argument after the command's name, such as a tenant. */
export interface Operand {
  readonly name: string;
  readonly text: string;
  readonly choices?: readonly string[];
  readonly isOptional?: boolean;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

export interface Given {
  readonly values: Values;
  /** Empty if the argument was left out. */
  readonly operand: string;
  readonly isJson: boolean;
}

/** Throws {@link UsageError}. */
export function given(args: readonly string[], options: readonly Option[], operand?: Operand): Given {
  const { values, positionals } = parsed(args, options);
  const [first, ...others] = positionals;
  const extra = operand ? others[0] : first;
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}".`);
  if (operand) requireOperand(operand, first);
  requireAll(options, values);
  for (const option of options) requireGood(option, values[option.name]);
  return { values, operand: first ?? '', isJson: values['json'] === true };
}

function parsed(args: readonly string[], options: readonly Option[]) {
  const kinds = options.map(({ name, value }) => [name, { type: value ? 'string' : 'boolean' }] as const);
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: Object.fromEntries(kinds),
    // In strict mode, parseArgs throws long messages without suggestions.
    strict: false,
    tokens: true,
  });
  const names = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    requireKnown(token, options);
    if (names.has(token.name)) throw new UsageError(`--${token.name} is given twice.`);
    names.add(token.name);
  }
  // The type in non-strict mode also covers unknown options, which were refused above.
  return { values: values as Values, positionals };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function requireKnown({ name, rawName, value, inlineValue }: OptionToken, options: readonly Option[]): void {
  const option = options.find((one) => one.name === name && rawName.startsWith('--'));
  if (!option) {
    const names = options.map((one) => `--${one.name}`);
    const meant = closestTo(rawName, [...names, '--help']);
    const hint = meant && `Did you mean ${meant}?`;
    throw new UsageError(`Unknown option ${rawName}.`, { code: 'unknown_option', hint });
  }
  if (!option.value && inlineValue) throw new UsageError(`--${name} takes no value.`);
  // parseArgs would take the next option as this option's value.
  const isMissing = value === undefined || (!inlineValue && value.startsWith('-') && value !== '-');
  if (option.value && isMissing) throw new UsageError(`--${name} needs a value: --${name} ${option.value}.`);
}

function requireOperand({ name, choices, isOptional }: Operand, text: string | undefined): void {
  if (text === undefined && !isOptional) throw new UsageError(`Missing argument <${name}>.`);
  // Such a word would end up in the path of a request, where it names something else.
  if (text !== undefined && /^(\s*|\.\.?)$/.test(text))
    throw new UsageError(`<${name}> is "${text}", which names nothing.`);
  if (text !== undefined && choices && !choices.includes(text))
    throw new UsageError(`<${name}> is "${text}", but must be one of ${choices.join(', ')}.`);
}

function requireAll(options: readonly Option[], values: Values): void {
  const missing = options.filter(({ name, isRequired }) => isRequired && !values[name]);
  const named = missing.map(({ name, value }) => `--${name} ${value}`);
  if (named.length > 0)
    throw new UsageError(`Missing option${named.length > 1 ? 's' : ''} ${named.join(', ')}.`);
}

function requireGood({ name, choices, isNumber }: Option, text?: string | boolean): void {
  if (text === undefined) return;
  if (choices && !choices.includes(String(text)))
    throw new UsageError(`--${name} is "${text}", but must be one of ${choices.join(', ')}.`);
  if (isNumber && !/^\d{1,9}$/.test(String(text)))
    throw new UsageError(`--${name} is "${text}", but must be a whole number.`);
}

/** The body of a request, with each value in its field. Throws {@link UsageError}. */
export function bodyOf(options: readonly Option[], values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  const filledBy: Record<string, string> = {};
  for (const option of options) {
    const { name, field } = option;
    const value = values[name];
    if (field === undefined || value === undefined) continue;
    const [outer = field, inner] = field.split('.');
    const sent = sentFor(option, value);
    const filling = inner === undefined ? sent : { [inner]: sent };
    const other = filledBy[outer];
    if (other !== undefined && !(isObject(body[outer]) && isObject(filling)))
      throw new UsageError(`--${other} and --${name} cannot be combined.`);
    body[outer] = merged(body[outer], filling);
    filledBy[outer] = name;
  }
  return body;
}

/** Several options may fill one object. */
function merged(before: unknown, sent: unknown): unknown {
  return isObject(before) && isObject(sent) ? { ...before, ...sent } : sent;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function sentFor({ name, isNumber, isList, isFile, parse }: Option, value: string | boolean): unknown {
  const text = isFile ? contentOf(name, String(value)) : String(value);
  if (parse) return parse(text);
  if (isFile) return text;
  if (isNumber) return Number(value);
  return isList ? String(value).split(',') : value;
}

function contentOf(name: string, file: string): string {
  let content: string;
  try {
    content = readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`Cannot read the file given as --${name}: ${(error as Error).message}`);
  }
  if (content === '') throw new UsageError(`${file}, given as --${name}, is empty.`);
  return content;
}
