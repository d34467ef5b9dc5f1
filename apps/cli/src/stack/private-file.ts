import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { CommandFailure } from '../command';

/** Writes a file that only its owner may read, as a whole or not at all. */
export function writePrivateFile(path: string, value: unknown): void {
  const draft = `${path}.${process.pid}.draft`;
  rmSync(draft, { force: true });
  rmSync(draft, { force: true });
  try {
    writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    syncFile(draft);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Undefined when there is no such file. `advice` is for a file that is damaged. */
export function readPrivateFile(
  path: string,
  advice = 'Restore it, or move the data directory away.',
): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would repeat a part of the file.
    throw new CommandFailure(`${path} is not readable JSON. ${advice}`);
  }
}
