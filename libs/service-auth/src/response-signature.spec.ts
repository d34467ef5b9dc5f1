import { CREATED, KEY_ID, OTHER_SECRET, refusalOf, SECRET, signedCall } from '../test/signed-call.fixture';
import { contentDigest } from './content-digest';
import { type ResponseToVerify, signResponse, verifyResponse } from './response-signature';
import { hmacSha256 } from './signature-base';
import { AnswerRefused } from './signature.errors';

const request = signedCall().headers;
const signed = {
  status: 200,
  body: '{}',
  request,
  keyId: KEY_ID,
  secret: SECRET,
  now: new Date((CREATED + 2) * 1000),
};
const received: ResponseToVerify = { ...signed, headers: signResponse(signed) };
const COVERED = '"@status" "content-digest" "signature";req';
const PARAMETERS = 'created=1618884475;keyid="KeyId0000001";tag="atlas-cp"';

function signedByHand(covered: string, parameters: string): ResponseToVerify {
  const digest = contentDigest('{}');
  const values = new Map([
    ['"@status"', '200'],
    ['"content-digest"', digest],
    ['"signature";req', String(request['signature'])],
  ]);
  const base = covered.split(' ').map((identifier) => `${identifier}: ${values.get(identifier) ?? ''}`);
  const signature = hmacSha256(
    SECRET,
    [...base, `"@signature-params": (${covered});${parameters}`].join('\n'),
  );
  const headers = {
    'content-digest': digest,
    'signature-input': `sig1=(${covered});${parameters}`,
    signature: `sig1=:${signature.toString('base64')}:`,
  };
  return { ...received, headers };
}

function expectRefused(response: ResponseToVerify): void {
  const refusal = refusalOf(() => verifyResponse(response));
  expect(refusal).toBeInstanceOf(AnswerRefused);
  expect(refusal).toMatchObject({ code: 'bad_signature', kind: 'unavailable' });
}

describe('a signed response', () => {
  it('has headers that match an independent computation', () => {
    expect(received.headers).toEqual({
      'content-digest': 'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:',
      'signature-input': `sig1=(${COVERED});${PARAMETERS}`,
      signature: 'sig1=:r4uz94UbmGMs4jXuWW/nYI8e3lCsUHiyhZ13w/P/Ujo=:',
    });
  });

  it("is accepted by the caller, and carries the signer's time", () => {
    expect(verifyResponse(received)).toEqual({ created: CREATED + 2 });
  });

  it('is accepted with any status and body, even if our own clock is wrong', () => {
    for (const [status, body] of [
      [204, ''],
      [401, 'é'],
      [500, Buffer.from([0, 255])],
    ] as const) {
      const answer = { ...signed, status, body, now: new Date(0) };
      expect(verifyResponse({ ...answer, headers: signResponse(answer) })).toEqual({ created: 0 });
    }
  });

  it('may list its components in any order', () => {
    expect(verifyResponse(signedByHand('"signature";req "@status" "content-digest"', PARAMETERS))).toEqual({
      created: CREATED + 2,
    });
  });
});

describe('a response is refused', () => {
  it.each<[string, Partial<ResponseToVerify>]>([
    ['with another status', { status: 201 }],
    ['with another body', { body: '{ }' }],
    ['without a signature', { headers: { 'content-digest': contentDigest('{}') } }],
    ['without headers', { headers: {} }],
    ['when it belongs to another request', { request: signedCall({ nonce: 'another-nonce-01' }).headers }],
    ['when it belongs to an unsigned request', { request: {} }],
    ['when the caller has another secret', { secret: OTHER_SECRET }],
    ['when the caller used another key', { keyId: 'KeyId0000002' }],
    ['when it is the request itself, sent back', { headers: request }],
  ])('%s', (_, change) => {
    expectRefused({ ...received, ...change });
  });

  it('with both its body and its digest changed', () => {
    const body = '{"tenants":[]}';
    expectRefused({
      ...received,
      body,
      headers: { ...received.headers, 'content-digest': contentDigest(body) },
    });
  });

  it('with only its digest changed', () => {
    const headers = { ...received.headers, 'content-digest': contentDigest('other') };
    expectRefused({ ...received, headers });
  });

  it.each([
    ['created', 'created=1618884475', 'created=1618884476'],
    ['keyid', 'KeyId0000001', 'KeyId0000002'],
    ['tag', 'atlas-cp', 'atlas-tp'],
    ['the order of the components', '"@status" "content-digest"', '"content-digest" "@status"'],
  ])('with %s changed', (_, from, to) => {
    const input = String(received.headers['signature-input']);
    expect(input).toContain(from);
    expectRefused({
      ...received,
      headers: { ...received.headers, 'signature-input': input.replace(from, to) },
    });
  });

  it.each([
    ['the status is not covered', COVERED.replace('"@status" ', ''), PARAMETERS],
    ['the digest is not covered', COVERED.replace('"content-digest" ', ''), PARAMETERS],
    ['the request is not covered', COVERED.replace(' "signature";req', ''), PARAMETERS],
    ['its own signature is covered instead', COVERED.replace(';req', ''), PARAMETERS],
    ['an extra component is covered', `${COVERED} "date"`, PARAMETERS],
    ['it has a nonce', COVERED, `${PARAMETERS};nonce="nonce-0123456789"`],
    ['it has the tag of a request', COVERED, PARAMETERS.replace('atlas-cp', 'atlas-tp')],
    ['its time is a string', COVERED, PARAMETERS.replace('1618884475', '"1618884475"')],
    ['it names no key', COVERED, PARAMETERS.replace('keyid="KeyId0000001";', '')],
    ['it names another key', COVERED, PARAMETERS.replace('KeyId0000001', 'KeyId0000002')],
  ])('when %s, even with the right secret', (_, covered, parameters) => {
    expectRefused(signedByHand(covered, parameters));
  });
});
