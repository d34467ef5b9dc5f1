import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { BACKUP_KEY_TYPE, type Manifest, type TransferPartHeader } from '@atlas/plane-contract';
import { CompactEncrypt, type CryptoKey, type JWK, compactDecrypt, importJWK } from 'jose';
import { type PortableRow } from './row-codec';

const ALGORITHM = 'ECDH-ES';
const ENCRYPTION = 'A256GCM';
/** No genuine part is larger when unpacked, but a small forged part could be. */
const MAX_UNPACKED = 64_000_000;

export interface TableRows {
  readonly table: string;
  readonly rows: readonly PortableRow[];
  /** Keys of deleted rows. */
  readonly deleted?: readonly (readonly string[])[];
}

export interface Part {
  readonly tables: readonly TableRows[];
  /** Set only in the last part. States what the target must contain now. */
  readonly manifest?: Manifest;
}

/** Merges two parts. The later version of a row wins. `keyOf` returns the key of a row in a table. */
export function joined(
  earlier: Part,
  later: Part,
  keyOf: (table: string, row: PortableRow) => readonly string[],
): Part {
  const tables = new Map(earlier.tables.map((one) => [one.table, one]));
  for (const { table, rows, deleted = [] } of later.tables) {
    const before = tables.get(table);
    const changed = new Set([...rows.map((row) => keyOf(table, row)), ...deleted].map(String));
    const isUnchanged = (key: readonly string[]): boolean => !changed.has(String(key));
    tables.set(table, {
      table,
      rows: [...(before?.rows ?? []).filter((row) => isUnchanged(keyOf(table, row))), ...rows],
      deleted: [...(before?.deleted ?? []).filter(isUnchanged), ...deleted],
    });
  }
  return { ...later, tables: [...tables.values()] };
}

/** Compresses and encrypts a part for the holder of the recipient's private key. */
export async function sealPart(
  part: Part,
  header: TransferPartHeader,
  recipient: Readonly<Record<string, unknown>>,
): Promise<string> {
  const key = await importJWK(recipient as JWK, ALGORITHM);
  const packed = await promisify(gzip)(JSON.stringify(part));
  const protectedHeader = { ...header, alg: ALGORITHM, enc: ENCRYPTION, typ: 'atlas-transfer' };
  return new CompactEncrypt(packed).setProtectedHeader(protectedHeader).encrypt(key);
}

/** Throws if the part was altered, or is not for this plane. */
export async function openPart(
  sealed: string,
  key: CryptoKey,
): Promise<{ readonly header: TransferPartHeader; readonly part: Part }> {
  const options = { keyManagementAlgorithms: [ALGORITHM], contentEncryptionAlgorithms: [ENCRYPTION] };
  const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, options);
  const text = await promisify(gunzip)(plaintext, { maxOutputLength: MAX_UNPACKED });
  return {
    header: protectedHeader as unknown as TransferPartHeader,
    part: JSON.parse(text.toString('utf8')) as Part,
  };
}

/** Decrypts a backup key, which arrives encrypted to this plane's key. */
export async function openBackupKey(sealed: string, key: CryptoKey): Promise<CryptoKey> {
  const options = { keyManagementAlgorithms: [ALGORITHM], contentEncryptionAlgorithms: [ENCRYPTION] };
  const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, options);
  if (protectedHeader.typ !== BACKUP_KEY_TYPE) throw new Error('This is not a backup key.');
  return (await importJWK(JSON.parse(new TextDecoder().decode(plaintext)) as JWK, ALGORITHM)) as CryptoKey;
}
