import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { CommandFailure } from '../failure';

/**
 * Replaces a file atomically. Only its owner can read it. With `isNew`, throws `EEXIST` if the file exists,
 * so that a process never replaces what another process has created.
 */
export function writePrivateFile(path: string, value: unknown, { isNew = false } = {}): void {
  const draft = `${path}.${process.pid}.draft`;
  rmSync(draft, { force: true });
  try {
    writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    if (isNew) copyFileSync(draft, path, constants.COPYFILE_EXCL);
    syncFile(isNew ? path : draft);
    if (!isNew) renameSync(draft, path);
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

/** Returns undefined if the file does not exist. `advice` says what to do with a damaged file. */
export function readPrivateFile(path: string, advice = 'Restore it, or move the data folder away.'): unknown {
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
    // The parser's message would quote part of the file.
    throw new CommandFailure(`${path} is not valid JSON.`, { code: 'file_damaged', hint: advice });
  }
}
