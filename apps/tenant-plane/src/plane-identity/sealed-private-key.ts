import { SecretBox, deriveKey } from '@atlas/persistence';
import { type Secret, type SecretText } from '@atlas/platform';
import { type JWK } from 'jose';
import { type PlaneIdentity } from './plane-identity.entity';

/**
 * Limits the number of copies on planes whose secrets are rotated for years. No environment should be this
 * many rotations behind.
 */
export const MAX_COPIES = 8;

type SealedKey = Pick<PlaneIdentity, 'instanceId' | 'publicKey' | 'privateKeySealed' | 'privateKeyCopies'>;

export function sealPrivateKey(plain: SecretText, secret: SecretText, instanceId: string): string {
  return boxOf(secret).seal(plain, placeOf(instanceId));
}

/** Decrypts the key with any of the secrets. Returns null if none of them decrypts any copy. */
export function openPrivateKey(key: SealedKey, secrets: readonly SecretText[]): Secret | null {
  for (const sealed of [key.privateKeySealed, ...key.privateKeyCopies])
    for (const secret of secrets) {
      const plain = openedBy(secret, sealed, key.instanceId);
      if (plain !== null && isHalfOf(key.publicKey, plain)) return plain;
    }
  return null;
}

/**
 * Returns the copies, plus a copy for each secret that decrypts none of them. Returns them unchanged if no
 * copy is missing, or if the key cannot be decrypted.
 */
export function copiesFor(key: SealedKey, secrets: readonly SecretText[]): string[] {
  const plain = openPrivateKey(key, secrets);
  const uncovered = secrets.filter((secret) => openPrivateKey(key, [secret]) === null);
  if (plain === null || uncovered.length === 0) return key.privateKeyCopies;
  const added = uncovered.map((secret) => sealPrivateKey(plain, secret, key.instanceId));
  return [...key.privateKeyCopies, ...added].slice(-MAX_COPIES);
}

/**
 * Whether the private key matches the public key. An older version creates a new pair but leaves the copies
 * of the old private key behind.
 */
function isHalfOf(publicKey: Record<string, unknown>, plain: Secret): boolean {
  return (JSON.parse(plain.reveal()) as JWK).x === publicKey['x'];
}

function openedBy(secret: SecretText, sealed: string, instanceId: string): Secret | null {
  try {
    return boxOf(secret).open(sealed, placeOf(instanceId));
  } catch {
    return null;
  }
}

function boxOf(secret: SecretText): SecretBox {
  return new SecretBox([{ id: 'env', key: deriveKey(secret, 'atlas-plane-identity') }]);
}

function placeOf(instanceId: string) {
  return { table: 'plane_identity', column: 'private_key_sealed', rowId: '1', ownerId: instanceId };
}
