import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandFailure } from '../failure';
import { type OperatorCall } from './operator-command';

type Place = Pick<OperatorCall, 'surroundings'>;

/** Throws {@link CommandFailure} if the file exists. */
export function requireNew({ surroundings }: Place, name: string): void {
  if (existsSync(resolve(surroundings.directory, name))) throw alreadyThere(name);
}

/** Writes JSON to a file. Throws {@link CommandFailure} if the file exists or cannot be written. */
export function writeNewFile({ surroundings }: Place, name: string, value: unknown, mode = 0o666): void {
  const path = resolve(surroundings.directory, name);
  try {
    writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`, { flag: 'wx', mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(name);
    throw new CommandFailure(`Cannot write ${name}: ${(error as Error).message}`);
  }
}

function alreadyThere(name: string): CommandFailure {
  return new CommandFailure(`${name} already exists.`, { code: 'file_exists', hint: 'Choose another file.' });
}
