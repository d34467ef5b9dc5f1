import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Secret, type SecretText, revealed } from '@atlas/platform/secret';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 's1';

/**
 * Where a sealed value is stored. A value that is moved to another row or column can no longer be decrypted.
 */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
  readonly ownerId: string;
}

export interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Reads `<kid>:<base64 of 32 bytes>[,…]`. Errors say what is wrong but never contain the value. */
export function parseSealingKeys(text: SecretText): SealingKey[] {
  const keys = revealed(text)
    .split(',')
    .map((part) => {
      const [id = '', encoded = ''] = part.trim().split(':');
      const key = Buffer.from(encoded, 'base64');
      if (!/^[A-Za-z0-9_-]{1,32}$/.test(id))
        throw new Error('the id of a sealing key must be 1 to 32 characters of A-Z a-z 0-9 _ -');
      if (key.length !== KEY_BYTES)
        throw new Error(`sealing key "${id}" must be ${KEY_BYTES} bytes in base64`);
      return { id, key };
    });
  if (new Set(keys.map((key) => key.id)).size !== keys.length)
    throw new Error('two sealing keys have the same id');
  return keys;
}

/** Derives a key for one purpose from a secret in any format (RFC 5869). */
export function deriveKey(secret: SecretText, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', revealed(secret), '', purpose, KEY_BYTES));
}

/**
 * Encrypts stored secrets with AES-256-GCM. The first key seals and every key can decrypt, so that keys can
 * be rotated.
 */
export class SecretBox {
  readonly #sealing: SealingKey;
  readonly #keys: ReadonlyMap<string, Buffer>;

  constructor(keys: readonly SealingKey[]) {
    const [first] = keys;
    if (!first) throw new Error('A secret box needs at least one key.');
    this.#sealing = first;
    this.#keys = new Map(keys.map(({ id, key }) => [id, key]));
  }

  /** The id of the key that seals new values. */
  get keyId(): string {
    return this.#sealing.id;
  }

  get keyIds(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** The prefix of every value that is sealed with the current key. */
  get prefix(): string {
    return `${VERSION}.${this.keyId}.`;
  }

  /** Returns `s1.<kid>.<iv>.<ciphertext>.<tag>`, the last three in base64url. */
  seal(plain: SecretText, place: SealedPlace): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#sealing.key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData(place, this.#sealing.id));
    const sealed = Buffer.concat([cipher.update(revealed(plain), 'utf8'), cipher.final()]);
    const parts = [iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'));
    return [VERSION, this.#sealing.id, ...parts].join('.');
  }

  /** Throws if the value was changed, truncated or sealed for another place, or if its key is unknown. */
  open(envelope: string, place: SealedPlace): Secret {
    const [version, kid = '', iv = '', sealed = '', tag = '', ...rest] = envelope.split('.');
    const key = this.#keys.get(kid);
    const tagBytes = Buffer.from(tag, 'base64url');
    if (version !== VERSION || !key || rest.length > 0 || tagBytes.length !== TAG_BYTES) {
      throw new Error(
        `A sealed value in ${place.table}.${place.column} cannot be decrypted: unknown format or key.`,
      );
    }
    const decipher = createDecipheriv(ALGORITHM, key, Buffer.from(iv, 'base64url'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(associatedData(place, kid));
    decipher.setAuthTag(tagBytes);
    const plain = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()]);
    return new Secret(plain.toString('utf8'));
  }
}

function associatedData(place: SealedPlace, kid: string): Buffer {
  return Buffer.from(JSON.stringify([VERSION, kid, place.table, place.column, place.rowId, place.ownerId]));
}
