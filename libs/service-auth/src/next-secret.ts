import { hkdfSync } from 'node:crypto';
import { Secret, type SecretText, revealed } from '@atlas/platform/secret';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { parseCredential } from './credential';
import { keyIdOf } from './service-key';

const ALGORITHM = 'dir';
const ENCRYPTION = 'A256GCM';
const PURPOSE = 'atlas-next-secret';

/**
 * Seals the next secret for the holder of the current secret: a compact JWE (RFC 7516) under a key derived
 * from the current secret (RFC 5869). `kid` names the current secret.
 */
export function sealNextSecret(next: SecretText, current: SecretText): Promise<string> {
  return new CompactEncrypt(Buffer.from(revealed(next)))
    .setProtectedHeader({ alg: ALGORITHM, enc: ENCRYPTION, kid: keyIdOf(current) })
    .encrypt(keyFrom(current));
}

/**
 * Whether `sealed` is encrypted under `secret`. The Control Plane seals the next secret under the secret that
 * signed the call.
 */
export function isSealedUnder(sealed: string, secret: SecretText): boolean {
  return decodeProtectedHeader(sealed).kid === keyIdOf(secret);
}

/**
 * Decrypts the next secret. Throws unless it was sealed under one of these secrets, is intact, and is a
 * service secret.
 */
export async function openNextSecret(sealed: string, known: readonly SecretText[]): Promise<Secret> {
  const current = known.find((secret) => isSealedUnder(sealed, secret));
  if (current === undefined)
    throw new Error('The next secret is sealed under a secret that is not known here.');
  const options = { keyManagementAlgorithms: [ALGORITHM], contentEncryptionAlgorithms: [ENCRYPTION] };
  const { plaintext } = await compactDecrypt(sealed, keyFrom(current), options);
  const next = Buffer.from(plaintext).toString('utf8');
  if (!parseCredential('ats', next))
    throw new Error('The value sealed as the next secret is not a service secret.');
  return new Secret(next);
}

function keyFrom(secret: SecretText): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', revealed(secret), '', PURPOSE, 32));
}
