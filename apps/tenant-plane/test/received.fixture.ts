import { CompactEncrypt, type JWK, compactDecrypt, importJWK } from 'jose';
import { type TestTenantPlane } from './tenant-plane.fixture';

/** Encrypts to the plane's public key, and returns what the plane decrypts. */
export async function receivedBy({ identities }: TestTenantPlane, publicKey: JWK): Promise<string> {
  const sent = await new CompactEncrypt(Buffer.from('rows'))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(await importJWK(publicKey, 'ECDH-ES'));
  const { plaintext } = await compactDecrypt(sent, await identities.privateKey());
  return Buffer.from(plaintext).toString();
}
