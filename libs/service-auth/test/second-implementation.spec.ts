import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import { contentDigest } from '../src/content-digest';
import { signResponse, verifyResponse } from '../src/response-signature';
import { AnswerRefused, SignatureRefused } from '../src/signature.errors';
import { type HeaderBag } from '../src/signed-headers';
import {
  type ArrivedCall,
  AUTHORITY,
  CREATED,
  KEY_ID,
  NONCE,
  refusalOfCall,
  SECRET,
  signedCall,
  verified,
} from './signed-call.fixture';

/**
 * Compares our implementation with an independent implementation of RFC 9421: each accepts what the other
 * signs. The independent implementation leaves digests and nonces to its callers.
 */

type Headers = Record<string, string>;
type Sent = Pick<ArrivedCall, 'method' | 'authority' | 'target' | 'headers'>;

const COMPONENTS = ['@method', '@authority', '@path', '@query', 'content-digest'];

const requestOf = ({ method, authority, target, headers }: Sent) => ({
  method,
  url: `https://${authority}${target}`,
  headers: headers as Headers,
});

const keys = {
  keyLookup: async ({ keyid }: { keyid?: string }) =>
    keyid === KEY_ID ? { algs: ['hmac-sha256'], verify: createVerifier(SECRET, 'hmac-sha256') } : null,
};

/** Whether the other implementation accepts the message. It refuses with null, false or an error. */
async function isTaken(verification: Promise<boolean | null>): Promise<boolean> {
  return (await verification.catch(() => false)) === true;
}

const takesRequest = (request: Sent) =>
  isTaken(
    httpbis.verifyMessage(
      { ...keys, requiredFields: COMPONENTS, requiredParams: ['created', 'nonce', 'tag'] },
      requestOf(request),
    ),
  );

const takesAnswerTo = (request: ArrivedCall, status: number, headers: HeaderBag) =>
  isTaken(
    httpbis.verifyMessage(
      { ...keys, requiredFields: ['@status', 'content-digest', 'signature'] },
      { status, headers: headers as Headers },
      requestOf(request),
    ),
  );

/** Headers as Node would provide them. */
const received = (headers: Record<string, string | string[]>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));

async function signedByIt(call: ArrivedCall): Promise<ArrivedCall> {
  const { 'content-digest': digest, 'x-tenant-id': tenant } = call.headers as Headers;
  const headers = { 'content-digest': digest as string, ...(tenant && { 'x-tenant-id': tenant }) };
  const signed = await httpbis.signMessage(
    {
      key: createSigner(SECRET, 'hmac-sha256', KEY_ID),
      fields: [...COMPONENTS, ...(tenant ? ['x-tenant-id'] : [])],
      params: ['created', 'nonce', 'keyid', 'tag'],
      paramValues: { created: new Date(CREATED * 1000), nonce: NONCE, tag: 'atlas-tp' },
    },
    requestOf({ ...call, headers }),
  );
  return { ...call, headers: received(signed.headers) };
}

const urlOf = (target: string) => new URL(target, `https://${AUTHORITY}`);

const CALLS: readonly [string, ArrivedCall][] = [
  ['with everything', signedCall()],
  ['without body, query and tenant', signedCall({ url: urlOf('/a'), body: '', tenantId: undefined })],
  ['with a body of bytes', signedCall({ body: Buffer.from([0, 255, 13, 10]) })],
  ['with an empty query', signedCall({ method: 'GET', url: urlOf('/a?'), body: '' })],
  ['with a query of many parts', signedCall({ url: urlOf('/a?b=1&b=2&c&=d&e=%20+%2B?f=/#g') })],
  ['with percent-encoding', signedCall({ url: urlOf('/%2f%2F%41%c3%a4/ä b/\u{1F600}?q=ö%00&r=%zz') })],
  ['with double slashes', signedCall({ url: urlOf(`https://${AUTHORITY}//a//b/`) })],
  ['with special characters in the path', signedCall({ url: urlOf("/a;b=c,d/e:f@g!$&'()*+~|[]^`{}\\x") })],
  ['at an address with a port', atAddress('127.0.0.1:4100')],
  ['at an IPv6 address', atAddress('[::1]:8443')],
  ['with an escaped nonce', signedCall({ nonce: 'quoted "nonce" \\ 0123456789' })],
];

function atAddress(authority: string): ArrivedCall {
  return { ...signedCall({ url: new URL(`https://${authority}/a?b`) }), authority };
}

describe.each(CALLS)('a signed call %s', (_, call) => {
  it('is accepted by a second implementation', async () => {
    expect(await takesRequest(call)).toBe(true);
  });

  it('is accepted if signed by a second implementation', async () => {
    expect(await verified(await signedByIt(call))).toMatchObject({ keyId: KEY_ID, created: CREATED });
  });
});

const call = signedCall();

/** Variants of the text in which one character is replaced by a neighbouring character. */
function changes(text: string): string[] {
  return Array.from(
    text,
    (character, place) =>
      text.slice(0, place) + String.fromCharCode(character.charCodeAt(0) ^ 1) + text.slice(place + 1),
  );
}

const isAuthority = (text: string): boolean =>
  URL.canParse(`https://${text}`) && new URL(`https://${text}`).host === text;

describe('both implementations refuse a signed call with one byte changed in', () => {
  async function expectRefusal(altered: ArrivedCall): Promise<void> {
    expect(await refusalOfCall(altered)).toBeInstanceOf(SignatureRefused);
    expect(await takesRequest(altered)).toBe(false);
  }

  it.each(['method', 'target'] as const)('the %s', async (part) => {
    for (const changed of changes(call[part])) await expectRefusal({ ...call, [part]: changed });
  });

  it('the authority, even if the authority is still valid', async () => {
    for (const authority of changes(call.authority).filter(isAuthority))
      await expectRefusal({ ...call, authority });
  });

  it.each(['content-digest', 'x-tenant-id', 'signature-input', 'signature'])(
    'the header %s',
    async (name) => {
      for (const changed of changes(String(call.headers[name])))
        await expectRefusal({ ...call, headers: { ...call.headers, [name]: changed } });
    },
  );

  it('the body, even with a matching digest', async () => {
    for (const changed of changes(call.rawBody.toString('latin1'))) {
      const rawBody = Buffer.from(changed, 'latin1');
      const headers = { ...call.headers, 'content-digest': contentDigest(rawBody) };
      await expectRefusal({ ...call, rawBody, headers });
    }
  });
});

describe('a signed response', () => {
  const exchange = { request: call.headers, keyId: KEY_ID, secret: SECRET, now: new Date(CREATED * 1000) };

  it.each<[number, string | Buffer]>([
    [200, '{"revision":"e.1"}'],
    [204, ''],
    [401, '{"code":"clock_skew"}'],
    [200, Buffer.from([0, 255])],
  ])('with status %s is accepted by a second implementation', async (status, body) => {
    expect(await takesAnswerTo(call, status, signResponse({ ...exchange, status, body }))).toBe(true);
  });

  it('is accepted if signed by a second implementation', async () => {
    const signed = await httpbis.signMessage(
      {
        key: createSigner(SECRET, 'hmac-sha256', KEY_ID),
        fields: ['@status', 'content-digest', '"signature";req'],
        params: ['created', 'keyid', 'tag'],
        paramValues: { created: exchange.now, tag: 'atlas-cp' },
      },
      { status: 200, headers: { 'content-digest': contentDigest('{}') } },
      requestOf(call),
    );
    const answer = { ...exchange, status: 200, body: '{}', headers: received(signed.headers) };
    expect(verifyResponse(answer)).toEqual({ created: CREATED });
  });

  describe('is refused if a change is made to', () => {
    const answer = { ...exchange, status: 200, body: '{}' };
    const headers = signResponse(answer);

    it.each(['content-digest', 'signature-input', 'signature'] as const)(
      'one byte of its %s',
      async (name) => {
        for (const changed of changes(headers[name])) {
          const altered = { ...headers, [name]: changed };
          expect(() => verifyResponse({ ...answer, headers: altered })).toThrow(AnswerRefused);
          expect(await takesAnswerTo(call, 200, altered)).toBe(false);
        }
      },
    );

    it('its status or its request', async () => {
      expect(await takesAnswerTo(call, 201, headers)).toBe(false);
      expect(await takesAnswerTo(signedCall({ nonce: 'another-nonce-01' }), 200, headers)).toBe(false);
    });
  });
});
