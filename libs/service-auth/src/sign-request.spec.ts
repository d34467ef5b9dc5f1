import { CREATED, KEY_ID, NONCE, SECRET, signedCall, verified } from '../test/signed-call.fixture';
import { signRequest } from './sign-request';
import { readSignature } from './signed-request';

const COVERED = '"@method" "@authority" "@path" "@query" "content-digest"';
const PARAMETERS = 'created=1618884473;nonce="nonce-0123456789";keyid="KeyId0000001";tag="atlas-tp"';

describe(signRequest.name, () => {
  it('returns headers that match an independent computation', () => {
    expect(signedCall().headers).toEqual({
      'content-digest': 'sha-256=:Ff6TbVpcSlZMjckAIoAAkmPAzAvQ8o4WZSUpqfg7LSM=:',
      'x-tenant-id': 'acme',
      'signature-input': `sig1=(${COVERED} "x-tenant-id");${PARAMETERS}`,
      signature: 'sig1=:FX2eatskC1s0n3iL/bIC0v/Ia0Oe4fhPu3J7OSaXESk=:',
    });
  });

  it('covers the digest of an empty body, and no tenant if none is named', () => {
    const { headers } = signedCall({ body: undefined, tenantId: undefined });
    expect(headers).toMatchObject({
      'content-digest': 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
      'signature-input': `sig1=(${COVERED});${PARAMETERS}`,
    });
    expect(headers).not.toHaveProperty('x-tenant-id');
  });

  it('signs a string body in the same way as its bytes', () => {
    const body = 'ä {} \u{1F600}';
    expect(signedCall({ body: Buffer.from(body) }).headers).toEqual(signedCall({ body }).headers);
  });

  it('generates a new nonce for each call', () => {
    const nonces = [1, 2].map(() => readSignature(signedCall({ nonce: undefined }).headers).nonce);
    expect(nonces[0]).not.toBe(nonces[1]);
    expect(nonces[0]).toHaveLength(24);
  });

  it('uses a time in whole seconds, and makes a signature that can be parsed', () => {
    expect(readSignature(signedCall().headers)).toMatchObject({
      label: 'sig1',
      keyId: KEY_ID,
      created: CREATED,
      nonce: NONCE,
      components: [...COVERED.split(' '), '"x-tenant-id"'],
    });
  });

  it.each([
    ['a method in lower case', { method: 'patch' }],
    ['an empty tenant', { tenantId: '' }],
    ['two tenants', { tenantId: 'a, b' }],
    ['a tenant with a line break', { tenantId: 'a\nb' }],
    ['a short nonce', { nonce: 'x'.repeat(15) }],
    ['a long nonce', { nonce: 'x'.repeat(129) }],
    ['a nonce that is not ASCII', { nonce: 'é'.repeat(16) }],
    ['an empty key id', { keyId: '' }],
    ['a short secret', { secret: 'x'.repeat(31) }],
  ])('throws for %s instead of signing a request that would be refused', (_, changes) => {
    expect(() => signedCall(changes)).toThrow();
  });
});

describe('signer and verifier', () => {
  it.each([
    'https://cp.example.com',
    'https://cp.example.com/?',
    'https://cp.example.com/a?',
    'https://cp.example.com?x',
    'https://cp.example.com/??a?b',
    'https://cp.example.com//double//slash/',
    'https://cp.example.com/a/../b/./c/%2e%2e/d',
    'https://cp.example.com/%2f%2F%41%c3%a4',
    'https://cp.example.com/ä/ü ñ/\u{1F600}?q=ö&r=a b+c%20d',
    'https://cp.example.com/a;b=c,d/e:f@g!$&\'()*+~|[]^`{}"<>\\x',
    'https://cp.example.com/?a=\'"<>`{}|^[]\\#not-sent',
    'https://cp.example.com/p#fragment',
    'https://CP.Example.COM:443/p',
    'https://user:password@cp.example.com/p',
  ])('agree on the path and query of %s', async (href) => {
    expect(await verified(signedCall({ url: new URL(href) }))).toMatchObject({ keyId: KEY_ID, nonce: NONCE });
  });

  it.each(['http://127.0.0.1:4100/p', 'https://[::1]:8443/p', 'https://münchen.example/p'])(
    'agree on the authority of %s',
    async (href) => {
      const url = new URL(href);
      expect(await verified({ ...signedCall({ url }), authority: url.host })).toMatchObject({
        keyId: KEY_ID,
      });
    },
  );

  it('agree on every method, with and without a body, a query and a tenant', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      for (const body of [undefined, '', 'x', Buffer.from([0, 255, 10, 13])]) {
        for (const tenantId of [undefined, 'acme', '0190f3a0-7c3e-7d52-9f0e-2b1f6d4c5e6f']) {
          const call = signedCall({ method, body, tenantId, secret: SECRET });
          expect(await verified(call)).toMatchObject({ secretIndex: 0 });
        }
      }
    }
  });
});
