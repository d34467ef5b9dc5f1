import { readFileSync } from 'node:fs';
import { CommandFailure } from '../failure';

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/;

/**
 * Reads `NAME=value` lines as Docker does: a value extends to the end of its line, so a password may contain
 * `#`. Quotes around a value are removed. A line that begins with `#` is a comment. A value that begins with
 * `#` is a placeholder that has not been filled in, and counts as unset, as an empty value does.
 */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, given] = LINE.exec(line) ?? [];
    if (name === undefined || given === undefined)
      throw new CommandFailure(`Line ${index + 1} does not have the form NAME=value.`);
    const value = unquoted(given.trim());
    if (value !== '' && !value.startsWith('#')) variables[name] = value;
  }
  return variables;
}

/** Errors do not quote the file, since any line may contain a secret. */
export function readEnvFile(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandFailure(`Cannot read the env file: ${(error as Error).message}`);
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
