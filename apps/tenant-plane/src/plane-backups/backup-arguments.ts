import { readFileSync } from 'node:fs';
import { type BackupKey, type BackupOpener } from './backup-cipher';
import { BackupRefused } from './backup-refused';

/** The command line of a process is visible to all users of a machine, so the passphrase is in a variable. */
const PASSPHRASE = 'ATLAS_BACKUP_PASSPHRASE';
const SHORTEST = 12;

/** Throws {@link BackupRefused} if there is neither a recipient nor a good passphrase. */
export function keyOf(recipients: readonly string[], env: NodeJS.ProcessEnv): BackupKey {
  if (recipients.length > 0) return { recipients };
  const passphrase = passphraseIn(env);
  if (passphrase.length >= SHORTEST) return { passphrase };
  throw new BackupRefused(
    `The passphrase has fewer than ${SHORTEST} characters. Whoever gets the file can try passphrases for ` +
      'as long as they like, so use a long one.',
  );
}

/** Throws {@link BackupRefused} if there is neither an identity nor a passphrase. */
export function openerOf(identityFile: string | undefined, env: NodeJS.ProcessEnv): BackupOpener {
  if (identityFile === undefined) return { passphrase: passphraseIn(env) };
  const lines = identitiesIn(identityFile).split(/\r?\n/);
  return { identities: lines.filter((line) => line.trim() !== '' && !line.startsWith('#')) };
}

function passphraseIn({ [PASSPHRASE]: passphrase = '' }: NodeJS.ProcessEnv): string {
  if (passphrase !== '') return passphrase;
  throw new BackupRefused(`There is no passphrase. Set ${PASSPHRASE}, or pass --passphrase-file <file>.`);
}

function identitiesIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BackupRefused(`The identity file cannot be read: ${(error as Error).message}`);
  }
}
