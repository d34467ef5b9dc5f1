import { Readable } from 'node:stream';
import { Decrypter, Encrypter } from 'age-encryption';
import { BackupRefused } from './backup-refused';

/** Who can decrypt a backup: whoever knows the passphrase, or has the identity of a recipient. */
export type BackupKey =
  | {
      readonly passphrase: string;
      /** The logarithm of scrypt's cost. By default 18, which takes a second and 256 MiB. */
      readonly workFactor?: number;
    }
  /** Public keys that begin with `age1`. */
  | { readonly recipients: readonly string[] };

/** What decrypts a backup. `identities` are secret keys, as `age-keygen` writes them. */
export type BackupOpener = { readonly passphrase: string } | { readonly identities: readonly string[] };

/** Encrypts to the age format (https://age-encryption.org/v1) in parts of 64 KiB. */
export async function* encrypted(plain: AsyncIterable<Buffer>, key: BackupKey): AsyncGenerator<Uint8Array> {
  const encrypter = encrypterOf(key);
  const source = Readable.toWeb(Readable.from(plain)) as ReadableStream<Uint8Array>;
  yield* chunksOf(await encrypter.encrypt(source));
}

/** Throws {@link BackupRefused} before it encrypts anything if a recipient is invalid. */
export function requireUsable(key: BackupKey): void {
  encrypterOf(key);
}

/**
 * Decrypts. Each part is authentic, but only the end of the stream shows that the backup is complete. Throws
 * {@link BackupRefused}.
 */
export async function* decrypted(source: Readable, opener: BackupOpener): AsyncGenerator<Buffer> {
  const decrypter = new Decrypter();
  try {
    if ('passphrase' in opener) decrypter.addPassphrase(opener.passphrase);
    else for (const identity of opener.identities) decrypter.addIdentity(identity);
  } catch {
    throw new BackupRefused('The identity file contains no age identity (AGE-SECRET-KEY-1…).');
  }
  const plain = await decrypter
    .decrypt(Readable.toWeb(source) as ReadableStream<Uint8Array>)
    .catch((error: unknown) => {
      throw unopened(error as NodeJS.ErrnoException, opener);
    });
  for await (const chunk of chunksOf(plain)) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}

function encrypterOf(key: BackupKey): Encrypter {
  const encrypter = new Encrypter();
  try {
    if ('passphrase' in key) encrypter.setPassphrase(key.passphrase);
    if ('passphrase' in key && key.workFactor) encrypter.setScryptWorkFactor(key.workFactor);
    if ('recipients' in key) for (const recipient of key.recipients) encrypter.addRecipient(recipient);
  } catch (error) {
    throw new BackupRefused(`A recipient is not a public key of age (age1…): ${(error as Error).message}.`);
  }
  return encrypter;
}

function unopened({ code, message }: NodeJS.ErrnoException, opener: BackupOpener): BackupRefused {
  if (code !== undefined) return new BackupRefused(`The backup cannot be read: ${message}`);
  if (!message.startsWith('no identity matched'))
    return new BackupRefused(`This is not a backup, or its beginning is damaged (${message}).`);
  return new BackupRefused(
    'passphrase' in opener
      ? 'The passphrase does not decrypt this backup. Use the passphrase that the backup was made with, or ' +
          'the identity file if it was made for a recipient.'
      : 'The identity does not decrypt this backup. Use the identity of one of its recipients, or the ' +
          'passphrase if it was made with one.',
  );
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // If the reader stops early, the file is closed.
    await reader.cancel().catch(() => undefined);
  }
}
