import { CommandFailure } from '../failure';

const NAME = /^[A-Z][A-Z0-9_]*$/;

/** The `NAME=value` lines of an install bundle, given on its own or within the response that contains it. */
export function envLinesOf(json: string): string {
  const env = envIn(parsed(json));
  const entries = Object.entries(env ?? {});
  if (entries.length === 0)
    throw new CommandFailure(
      'Standard input contains no install bundle, since it has no "install" with an "env".',
    );
  return entries.map(([name, value]) => lineOf(name, value)).join('');
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw new CommandFailure('Standard input is not JSON.');
  }
}

function envIn(answer: unknown): object | undefined {
  const { install, env } = (answer ?? {}) as { install?: { env?: object } | null; env?: object };
  return install?.env ?? env;
}

/** Throws if the value spans more than one line, because the second line could set another variable. */
function lineOf(name: string, value: unknown): string {
  if (!NAME.test(name) || typeof value !== 'string' || /[\r\n]/.test(value))
    throw new CommandFailure(
      'The install bundle contains something other than variables with single-line values.',
    );
  return `${name}=${value}\n`;
}
