import { secondsFromSigning, SetClock } from '../test/signed-call.fixture';
import { InMemoryNonceStore } from './in-memory-nonce-store';

const use = { keyId: 'key', nonce: 'nonce-0123456789', expiresAt: secondsFromSigning(360) };

describe(InMemoryNonceStore.name, () => {
  const clock = new SetClock();
  let store: InMemoryNonceStore;

  beforeEach(() => {
    clock.at = secondsFromSigning(0);
    store = new InMemoryNonceStore(clock);
  });

  it('accepts a nonce only once', async () => {
    expect(await store.consume(use)).toBe(true);
    expect(await store.consume(use)).toBe(false);
    expect(await store.consume({ ...use, nonce: 'nonce-0000000000' })).toBe(true);
  });

  it('accepts a nonce only once if many calls use it concurrently', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => store.consume(use)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it('accepts a nonce only once, even with a different expiry', async () => {
    await store.consume(use);
    expect(await store.consume({ ...use, expiresAt: secondsFromSigning(900) })).toBe(false);
  });

  it('keeps the nonces of different keys apart', async () => {
    expect(await store.consume({ ...use, keyId: 'a:b', nonce: 'c' })).toBe(true);
    expect(await store.consume({ ...use, keyId: 'a', nonce: 'b:c' })).toBe(true);
  });

  it('still remembers a nonce at the moment it expires', async () => {
    await store.consume(use);
    clock.at = use.expiresAt;
    expect(await store.consume(use)).toBe(false);
  });

  it('forgets a nonce soon after it expires, so that memory stays bounded', async () => {
    for (let second = 0; second < 3600; second++) {
      clock.at = secondsFromSigning(second);
      await store.consume({ ...use, nonce: `nonce-${second}`, expiresAt: secondsFromSigning(second + 360) });
    }
    expect(store.size).toBeGreaterThanOrEqual(360);
    expect(store.size).toBeLessThanOrEqual(360 + 60);
  });
});
