import { readFileSync } from 'node:fs';
import { CommandFailure } from '../command';

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/;

/**
 * `NAME=value` lines, as Docker reads them: a value goes to the end of its line, so that a password may hold a `#`. One
 * in quotes is taken without them. Lines that begin with `#` are comments, and a value that does is one yet to be filled
 * in: like an empty one it counts as unset.
 */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, given] = LINE.exec(line) ?? [];
    if (name === undefined || given === undefined)
      throw new CommandFailure(`Line ${index + 1} is not of the form NAME=value.`);
    const value = unquoted(given.trim());
    if (value !== '' && !value.startsWith('#')) variables[name] = value;
  }
  return variables;
}

/** Never shows a line of it: any of them may hold a secret. */
export function readEnvFile(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandFailure(`The env file can't be read: ${(error as Error).message}`);
  }
  try {
    return parseEnvFile(text);
  } catch (error) {
    throw error instanceof CommandFailure ? new CommandFailure(`${path}: ${error.message}`) : error;
  }
}

function unquoted(value: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(value) ?? [];
  return inner ?? value;
}
