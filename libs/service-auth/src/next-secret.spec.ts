import { type Secret } from '@atlas/platform/secret';
import { mintCredential } from './credential';
import { isSealedUnder, openNextSecret, sealNextSecret } from './next-secret';
import { keyIdOf } from './service-key';

const [current, next, other] = [1, 2, 3].map(() => mintCredential('ats').value) as [Secret, Secret, Secret];

describe('the next secret', () => {
  it('is opened by the holder of the one that it follows, and names that one', async () => {
    const sealed = await sealNextSecret(next, current);
    expect((await openNextSecret(sealed, [other, current])).equals(next)).toBe(true);
    expect([other, next, current].filter((one) => isSealedUnder(sealed, one))).toEqual([current]);
    const header = JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toEqual({ alg: 'dir', enc: 'A256GCM', kid: keyIdOf(current) });
  });

  it('is opened by nobody else', async () => {
    const sealed = await sealNextSecret(next, current);
    await expect(openNextSecret(sealed, [other])).rejects.toThrow(/not known here/);
  });

  it('is refused when it was changed on its way', async () => {
    const [header, key, iv, text, tag = ''] = (await sealNextSecret(next, current)).split('.');
    const changed = [header, key, iv, text, (tag.startsWith('A') ? 'B' : 'A') + tag.slice(1)].join('.');
    await expect(openNextSecret(changed, [current])).rejects.toThrow();
  });

  it('is refused when it is no service secret', async () => {
    const sealed = await sealNextSecret('hunter2', current);
    await expect(openNextSecret(sealed, [current])).rejects.toThrow(/is none/);
  });
});
