import { CommandFailure, EXIT, UsageError } from './failure';

/**
 * Turns an error into a failure to show. A usage error without a hint gets `lookAt` as its hint. An
 * unexpected error keeps its stack for a bug report.
 */
export function failureOf(error: unknown, lookAt: string): CommandFailure {
  if (error instanceof UsageError && error.hint === undefined)
    return new UsageError(error.message, { code: error.code, hint: lookAt });
  if (error instanceof CommandFailure) return error;
  const notes = String((error as Error | undefined)?.stack ?? '')
    .split('\n')
    .slice(1);
  return new CommandFailure(String(error), { code: 'internal_error', notes, exitCode: EXIT.failed });
}

/** What happened and, in the last line, what to do. */
export function failureText({ message, notes, hint }: CommandFailure): string {
  return [message, ...notes.map((note) => `  ${note.trimStart()}`), hint]
    .filter((line) => line !== undefined)
    .map((line) => `${line}\n`)
    .join('');
}

/** The failure as a JSON object on one line. */
export function failureJson({ message, code, hint, facts }: CommandFailure): string {
  return `${JSON.stringify({ code, detail: message, hint, ...facts })}\n`;
}
