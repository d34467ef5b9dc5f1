import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { CommandFailure } from '../failure';

/**
 * Writes a file that only its owner can read, under a temporary name first, so that no one ever finds half of
 * it. An existing file is replaced.
 */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CommandFailure(`Cannot write ${file}: ${(error as Error).message}`, {
      hint: 'Choose another file with --out <file>.',
    });
  }
}
