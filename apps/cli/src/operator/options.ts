import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UsageError } from '../command';

export interface Option {
  readonly name: string;
  /** What stands for its value in the help; a switch has none. */
  readonly value?: string;
  readonly text: string;
  readonly choices?: readonly string[];
  readonly isRequired?: boolean;
  readonly isNumber?: boolean;
  /** Several, separated by commas. */
  readonly isList?: boolean;
  /** Names a file that holds the value, as a secret must: everybody on the machine can read a command line. */
  readonly isFile?: boolean;
  /** Where its value goes in the body of the request, such as `database.driver`. */
  readonly field?: string;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

export interface Given {
  readonly values: Values;
  /** What stands behind the command's name; empty where nothing has to. */
  readonly operand: string;
  readonly isJson: boolean;
}

/** Throws {@link UsageError}. */
export function given(args: readonly string[], options: readonly Option[], operand?: string): Given {
  const { values, positionals } = parsed(args, options);
  const [first, ...others] = positionals;
  if (others.length > 0 || (first !== undefined && !operand))
    throw new UsageError(`What is "${operand ? others[0] : first}" for?`);
  if (operand && !first) throw new UsageError(`Which ${operand}? Name it.`);
  for (const option of options) requireGood(option, values[option.name]);
  return { values, operand: first ?? '', isJson: values['json'] === true };
}

function parsed(args: readonly string[], options: readonly Option[]) {
  const kinds = options.map(({ name, value }) => [name, { type: value ? 'string' : 'boolean' }] as const);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(kinds),
    });
    return { values: values as Values, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function requireGood({ name, value, choices, isRequired, isNumber }: Option, text?: string | boolean): void {
  if (isRequired && !text) throw new UsageError(`--${name} ${value} is missing.`);
  if (text === undefined) return;
  if (choices && !choices.includes(String(text)))
    throw new UsageError(`--${name} is "${text}": it must be one of ${choices.join(', ')}.`);
  if (isNumber && !/^\d{1,9}$/.test(String(text)))
    throw new UsageError(`--${name} is "${text}": it must be a number.`);
}

export function optionsUsage(options: readonly Option[]): string {
  const calls = options.map(({ name, value }) => `--${name}${value ? ` ${value}` : ''}`);
  const width = Math.max(...calls.map((call) => call.length));
  const texts = options.map(
    ({ text, choices, isRequired }) =>
      `${text}${choices ? ` (${choices.join(', ')})` : ''}${isRequired ? '; required' : ''}`,
  );
  return calls.map((call, index) => `  ${call.padEnd(width)}   ${texts[index]}\n`).join('');
}

/** The body of a request: each value in its field. Throws {@link UsageError}. */
export function bodyOf(options: readonly Option[], values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const option of options) {
    const { name, field } = option;
    const value = values[name];
    if (field === undefined || value === undefined) continue;
    const [outer = field, inner] = field.split('.');
    const sent = sentFor(option, value);
    body[outer] = inner === undefined ? sent : { [inner]: sent };
  }
  return body;
}

function sentFor({ name, isNumber, isList, isFile }: Option, value: string | boolean): unknown {
  if (isFile) return contentOf(name, String(value));
  if (isNumber) return Number(value);
  return isList ? String(value).split(',') : value;
}

function contentOf(name: string, file: string): string {
  let content: string;
  try {
    content = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`The file of --${name} cannot be read: ${(error as Error).message}`);
  }
  if (content === '') throw new UsageError(`${file}, the file of --${name}, is empty.`);
  return content;
}
