import { Secret } from '@atlas/platform/secret';
import {
  AUTHORITY,
  CREATED,
  KEY_ID,
  OTHER_SECRET,
  SECRET,
  secondsFromSigning,
  SetClock,
  signedCall,
} from '../test/signed-call.fixture';
import { InMemoryNonceStore } from './in-memory-nonce-store';
import { NonceStore, type NonceUse } from './nonce-store';
import { verifyResponse } from './response-signature';
import { type ServiceKey, ServiceKeyResolver } from './service-key';
import { SignatureVerifier } from './signature-verifier';
import { SignatureRefused } from './signature.errors';

interface Plane {
  readonly planeId: string;
}

class OneKey extends ServiceKeyResolver<Plane> {
  readonly asked: string[] = [];
  key: ServiceKey<Plane> = {
    keyId: KEY_ID,
    secrets: [new Secret(OTHER_SECRET), new Secret(SECRET)],
    caller: { planeId: 'plane-1' },
  };

  async secretsFor(keyId: string): Promise<ServiceKey<Plane> | null> {
    this.asked.push(keyId);
    return keyId === this.key.keyId ? this.key : null;
  }
}

class RecordingNonceStore extends NonceStore {
  readonly uses: NonceUse[] = [];
  constructor(private readonly inner: NonceStore) {
    super();
  }

  consume(use: NonceUse): boolean | Promise<boolean> {
    this.uses.push(use);
    return this.inner.consume(use);
  }
}

describe(SignatureVerifier.name, () => {
  let clock: SetClock;
  let keys: OneKey;
  let nonces: RecordingNonceStore;
  let verifier: SignatureVerifier<Plane>;

  const verify = async (call: Parameters<typeof verifier.verify>[0]) => verifier.verify(call);

  beforeEach(() => {
    clock = new SetClock(secondsFromSigning(1));
    keys = new OneKey();
    nonces = new RecordingNonceStore(new InMemoryNonceStore(clock));
    verifier = new SignatureVerifier({ authority: AUTHORITY }, keys, nonces, clock);
  });

  const refusalOfCall = (call: Parameters<typeof verifier.verify>[0]): Promise<SignatureRefused> =>
    verify(call).then(
      () => Promise.reject(new Error('It was accepted')),
      (error: SignatureRefused) => error,
    );

  it('reports who called, and with which secret', async () => {
    const { caller, ...call } = await verifier.verify(signedCall());
    const planeId: string = caller.planeId;
    expect(planeId).toBe('plane-1');
    expect(call).toMatchObject({ keyId: KEY_ID, secretIndex: 1, created: CREATED });
    expect(nonces.uses).toEqual([
      { keyId: KEY_ID, nonce: 'nonce-0123456789', expiresAt: secondsFromSigning(360) },
    ]);
  });

  it('checks against its own authority, whatever the Host header or the caller says', async () => {
    const elsewhere = signedCall({
      url: new URL('https://evil.example/api/tenant-planes/self/report?a=%20b&a=2'),
    });
    const call = {
      ...elsewhere,
      authority: 'evil.example',
      headers: { ...elsewhere.headers, host: 'evil.example' },
    };
    expect(await refusalOfCall(call)).toMatchObject({ code: 'bad_signature' });
  });

  it('refuses a replayed call, and says why', async () => {
    await verifier.verify(signedCall());
    const refusal = await refusalOfCall(signedCall());
    expect(refusal).toMatchObject({ code: 'bad_signature', kind: 'unauthenticated' });
    expect(refusal.message).toMatch(/replay/);
    expect(refusal.signAnswer).toBeUndefined();
  });

  it('accepts exactly one of many identical calls', async () => {
    const calls = await Promise.allSettled(Array.from({ length: 20 }, () => verify(signedCall())));
    expect(calls.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('refuses an unknown key with the same message as a wrong signature', async () => {
    const unknown = await refusalOfCall(signedCall({ keyId: 'KeyId0000002' }));
    const wrong = await refusalOfCall(signedCall({ secret: 'another secret of 32 characters!' }));
    expect(keys.asked).toEqual(['KeyId0000002', KEY_ID]);
    expect(unknown).toBeInstanceOf(SignatureRefused);
    expect({ ...unknown, message: unknown.message }).toEqual({ ...wrong, message: wrong.message });
  });

  it('refuses a key that has no secret left', async () => {
    keys.key = { ...keys.key, secrets: [] };
    expect(await refusalOfCall(signedCall())).toMatchObject({ code: 'bad_signature' });
  });

  it('looks up no key and consumes no nonce before it has checked the format and the digest', async () => {
    await refusalOfCall({ ...signedCall(), rawBody: Buffer.from('other') });
    await refusalOfCall({ ...signedCall(), headers: {} });
    expect(keys.asked).toEqual([]);
    expect(nonces.uses).toEqual([]);
  });

  it('consumes no nonce for a call that it refuses', async () => {
    await refusalOfCall({ ...signedCall(), method: 'PUT' });
    clock.at = secondsFromSigning(301);
    expect(await refusalOfCall(signedCall())).toMatchObject({ code: 'clock_skew' });
    expect(nonces.uses).toEqual([]);
  });

  it('accepts nothing while the nonce store fails', async () => {
    jest.spyOn(nonces, 'consume').mockReturnValue(Promise.reject(new Error('database gone')));
    await expect(verify(signedCall())).rejects.toThrow('database gone');
  });

  it('answers at once if neither the key nor the nonce has to be fetched', async () => {
    const known = { secretsFor: (keyId: string) => (keyId === KEY_ID ? keys.key : null) };
    verifier = new SignatureVerifier({ authority: AUTHORITY }, known, nonces, clock);
    expect(verifier.verify(signedCall())).toMatchObject({ keyId: KEY_ID, secretIndex: 1 });
    expect(() => verifier.verify(signedCall())).toThrow(/replay/);
    expect(() => verifier.verify(signedCall({ keyId: 'KeyId0000002' }))).toThrow(SignatureRefused);
  });

  it.each([true, false])('waits for a nonce store that has to be asked, which says %s', async (isFirst) => {
    jest.spyOn(nonces, 'consume').mockReturnValue(Promise.resolve(isFirst));
    const outcome = await verify(signedCall()).catch((error: SignatureRefused) => error);
    expect(outcome).toMatchObject(isFirst ? { keyId: KEY_ID } : { code: 'bad_signature' });
  });

  it("signs responses with the caller's secret, and dates them at the time of the response", async () => {
    const { headers, ...signed } = signedCall();
    const { signAnswer } = await verifier.verify({ ...signed, headers });
    clock.at = secondsFromSigning(55);
    const answer = { status: 200, body: '{}' };
    const received = { ...answer, headers: signAnswer(answer), request: headers, keyId: KEY_ID };
    expect(verifyResponse({ ...received, secret: SECRET })).toEqual({ created: CREATED + 55 });
    expect(() => verifyResponse({ ...received, secret: OTHER_SECRET })).toThrow();
  });

  it("signs a refusal only if the caller's clock is wrong, so that the caller can correct it", async () => {
    clock.at = secondsFromSigning(4000);
    const { headers } = signedCall();
    const { signAnswer } = await refusalOfCall(signedCall());
    const answer = { status: 401, body: '{"code":"clock_skew"}' };
    const signed = signAnswer?.(answer) ?? {};
    expect(
      verifyResponse({ ...answer, headers: signed, request: headers, keyId: KEY_ID, secret: SECRET }),
    ).toEqual({
      created: CREATED + 4000,
    });
    expect((await refusalOfCall({ ...signedCall(), method: 'PUT' })).signAnswer).toBeUndefined();
  });

  it.each([
    '',
    'https://cp.example.com',
    'CP.example.com',
    'cp.example.com/',
    'user@cp.example.com',
    'münchen.example',
  ])('rejects the authority %j at start, because no call could match it', (authority) => {
    expect(() => new SignatureVerifier({ authority }, keys, nonces, clock)).toThrow(TypeError);
  });

  it.each(['cp.example.com', '127.0.0.1:4100', '[::1]:4100', 'a:80', 'a:443'])(
    'accepts the authority %j at start',
    (authority) => {
      expect(() => new SignatureVerifier({ authority }, keys, nonces, clock)).not.toThrow();
    },
  );
});
