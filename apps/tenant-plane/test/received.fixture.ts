import { CompactEncrypt, type JWK, compactDecrypt, importJWK } from 'jose';
import { type TestTenantPlane } from './tenant-plane.fixture';

/** What is encrypted to the plane's public key, as it opens it. */
export async function receivedBy({ identities }: TestTenantPlane, publicKey: JWK): Promise<string> {
  const sent = await new CompactEncrypt(Buffer.from('rows'))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(await importJWK(publicKey, 'ECDH-ES'));
  const { plaintext } = await compactDecrypt(sent, await identities.privateKey());
  return Buffer.from(plaintext).toString();
}
