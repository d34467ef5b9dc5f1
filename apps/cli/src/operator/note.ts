import { type Terminal } from '../command';

/** Says something besides the result, on standard error: as JSON where that is asked for. */
export function note(
  { terminal, isJson }: { readonly terminal: Terminal; readonly isJson: boolean },
  text: string,
): void {
  terminal.err(isJson ? `${JSON.stringify({ note: text })}\n` : `${text}\n`);
}
