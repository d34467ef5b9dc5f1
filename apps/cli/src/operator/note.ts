import { type Terminal } from '../command';

/** Writes a note to standard error, as JSON if `isJson` is set. */
export function note(
  { terminal, isJson }: { readonly terminal: Terminal; readonly isJson: boolean },
  text: string,
): void {
  terminal.err(isJson ? `${JSON.stringify({ note: text })}\n` : `${text}\n`);
}
