import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { type Terminal } from './command';

/** Asks for a secret on a terminal, and does not show what is typed. Rejects with the signal's reason. */
export async function typedSecret(
  question: string,
  terminal: Terminal,
  input: Readable,
  signal: AbortSignal,
): Promise<string> {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input, output, terminal: true });
  // The terminal no longer turns Ctrl-C into a signal.
  line.on('SIGINT', () => process.emit('SIGINT'));
  terminal.err(question);
  try {
    return await line.question('', { signal });
  } catch (error) {
    throw signal.reason ?? error;
  } finally {
    terminal.err('\n');
    line.close();
  }
}
