import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Readable } from 'node:stream';
import { type Terminal } from '../command';
import { UsageError } from '../failure';
import { type Given, type Option } from '../options';
import { Progress } from '../progress';
import { interruptible } from '../tenant/interruptible';
import { typedSecret } from '../typed-secret';

const VARIABLE = 'ATLAS_BACKUP_PASSPHRASE';

export const BACKUP_OPERAND = { name: 'file', text: 'the backup, such as plane.age' };

export const PASSPHRASE_OPTION: Option = {
  name: 'passphrase-file',
  value: '<file>',
  text: 'read the passphrase from this file',
  default: `${VARIABLE}, or a question`,
};

export const IDENTITY_OPTION: Option = {
  name: 'identity-file',
  value: '<file>',
  text: 'decrypt with this identity of age instead of a passphrase',
};

export type Input = Readable & { readonly isTTY?: boolean };

/** The environment of a plane script with the passphrase, which must not be on a command line. */
export async function withPassphrase(
  { values }: Given,
  env: NodeJS.ProcessEnv,
  { terminal, input, isNew }: { readonly terminal: Terminal; readonly input: Input; readonly isNew: boolean },
): Promise<NodeJS.ProcessEnv> {
  const file = values['passphrase-file'];
  if (typeof file === 'string') return { ...env, [VARIABLE]: passphraseIn(file) };
  if (env[VARIABLE]) return env;
  if (!input.isTTY)
    throw new UsageError('There is no passphrase.', {
      hint: `Pass --passphrase-file <file>, or set ${VARIABLE}.`,
    });
  return interruptible(async (signal) => {
    const passphrase = await typedSecret('Passphrase: ', terminal, input, signal);
    if (isNew && (await typedSecret('Again: ', terminal, input, signal)) !== passphrase)
      throw new UsageError('The passphrases differ.');
    return { ...env, [VARIABLE]: passphrase };
  });
}

export function identityArgument({ values }: Given): string[] {
  const file = values['identity-file'];
  return typeof file === 'string' ? ['--identity-file', resolve(file)] : [];
}

/** Shows progress to people, but not to programs. */
export function withProgress<T>({ isJson }: Given, what: string, work: () => Promise<T>): Promise<T> {
  if (isJson) return work();
  return new Progress(process.stderr, process.stderr.isTTY, !process.env['NO_COLOR']).step(what, work);
}

function passphraseIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(`Cannot read the file given as --passphrase-file: ${(error as Error).message}`);
  }
}
