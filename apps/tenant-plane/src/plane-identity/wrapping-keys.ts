import { randomBytes, randomUUID } from 'node:crypto';
import { SecretBox, type SealingKey, deriveKey } from '@atlas/persistence';
import { type Secret, type SecretText } from '@atlas/platform';
import { type PlaneIdentity, type SealedWrappingKey } from './plane-identity.entity';
import { MAX_COPIES } from './sealed-private-key';

type Keeper = Pick<PlaneIdentity, 'instanceId' | 'wrappingKeys'>;

/** The wrapping keys that any of the secrets decrypts, newest first. */
export function openWrappingKeys(identity: Keeper, secrets: readonly SecretText[]): SealingKey[] {
  const { instanceId, wrappingKeys } = identity;
  return wrappingKeys.toReversed().flatMap((key) => {
    const plain = opened(key, instanceId, secrets);
    return plain === null ? [] : [{ id: key.id, key: Buffer.from(plain.reveal(), 'base64') }];
  });
}

/**
 * Returns the keys with a copy for each secret. Adds a key if no key can be decrypted. The others stay,
 * because the next environment may contain their secret. Returns the keys unchanged if nothing is missing.
 */
export function wrappingKeysFor(
  { instanceId, wrappingKeys }: Keeper,
  secrets: readonly SecretText[],
): SealedWrappingKey[] {
  const covered = wrappingKeys.map((key) => coveredBy(secrets, key, instanceId));
  if (wrappingKeys.every((key) => opened(key, instanceId, secrets) === null)) {
    const id = randomUUID();
    const plain = randomBytes(32).toString('base64');
    const copies = secrets.map((secret) => boxOf(secret).seal(plain, placeOf(id, instanceId)));
    return [...covered, { id, copies }];
  }
  return covered.every((key, index) => key === wrappingKeys[index]) ? wrappingKeys : covered;
}

/**
 * Once a plane without a secret gets one, the copy under its instance ID is removed, because the same row
 * contains that ID.
 */
function coveredBy(
  secrets: readonly SecretText[],
  key: SealedWrappingKey,
  instanceId: string,
): SealedWrappingKey {
  const plain = opened(key, instanceId, secrets);
  if (plain === null) return key;
  const place = placeOf(key.id, instanceId);
  const isWanted = secrets.includes(instanceId);
  const kept = key.copies.filter((copy) => isWanted || openedBy(instanceId, copy, place) === null);
  const uncovered = secrets.filter((secret) => kept.every((copy) => openedBy(secret, copy, place) === null));
  if (kept.length === key.copies.length && uncovered.length === 0) return key;
  const added = uncovered.map((secret) => boxOf(secret).seal(plain, place));
  return { id: key.id, copies: [...kept, ...added].slice(-MAX_COPIES) };
}

/** Also tries the instance ID, with which the plane sealed the key if it had no secret. */
function opened(
  { id, copies }: SealedWrappingKey,
  instanceId: string,
  secrets: readonly SecretText[],
): Secret | null {
  for (const copy of copies)
    for (const secret of [...secrets, instanceId]) {
      const plain = openedBy(secret, copy, placeOf(id, instanceId));
      if (plain !== null) return plain;
    }
  return null;
}

function openedBy(secret: SecretText, sealed: string, place: ReturnType<typeof placeOf>): Secret | null {
  try {
    return boxOf(secret).open(sealed, place);
  } catch {
    return null;
  }
}

function boxOf(secret: SecretText): SecretBox {
  return new SecretBox([{ id: 'env', key: deriveKey(secret, 'atlas-wrapping-key') }]);
}

function placeOf(id: string, instanceId: string) {
  return { table: 'plane_identity', column: 'wrapping_keys', rowId: id, ownerId: instanceId };
}
