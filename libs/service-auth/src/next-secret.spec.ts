import { type Secret } from '@atlas/platform/secret';
import { mintCredential } from './credential';
import { isSealedUnder, openNextSecret, sealNextSecret } from './next-secret';
import { keyIdOf } from './service-key';

const [current, next, other] = [1, 2, 3].map(() => mintCredential('ats').value) as [Secret, Secret, Secret];

describe('the next secret', () => {
  it("can be decrypted with the secret that it replaces, and names that secret's key id", async () => {
    const sealed = await sealNextSecret(next, current);
    expect((await openNextSecret(sealed, [other, current])).equals(next)).toBe(true);
    expect([other, next, current].filter((one) => isSealedUnder(sealed, one))).toEqual([current]);
    const header = JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toEqual({ alg: 'dir', enc: 'A256GCM', kid: keyIdOf(current) });
  });

  it('cannot be decrypted with any other secret', async () => {
    const sealed = await sealNextSecret(next, current);
    await expect(openNextSecret(sealed, [other])).rejects.toThrow(/not known here/);
  });

  it('is rejected if it was changed in transit', async () => {
    const [header, key, iv, text, tag = ''] = (await sealNextSecret(next, current)).split('.');
    const changed = [header, key, iv, text, (tag.startsWith('A') ? 'B' : 'A') + tag.slice(1)].join('.');
    await expect(openNextSecret(changed, [current])).rejects.toThrow();
  });

  it('is rejected if it is not a service secret', async () => {
    const sealed = await sealNextSecret('hunter2', current);
    await expect(openNextSecret(sealed, [current])).rejects.toThrow(/not a service secret/);
  });
});
