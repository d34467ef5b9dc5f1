import { type Terminal } from './command';

/**
 * The terminal of this process. Write errors are ignored, because the process must not be killed midway if
 * the reader of its output exits (`| head`, a closed window).
 */
export function processTerminal({ stdout, stderr, env }: NodeJS.Process = process): Terminal {
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    get screen() {
      if (!stdout.isTTY) return undefined;
      // Some terminals do not know their size and report 0.
      return { columns: stdout.columns || 80, hasColours: !env['NO_COLOR'] };
    },
  };
}
