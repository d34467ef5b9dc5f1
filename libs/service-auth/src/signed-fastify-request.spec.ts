import { SignatureRefused } from './signature.errors';
import { receivedRequestOf, type SignedFastifyRequest } from './signed-fastify-request';

const bodiless: SignedFastifyRequest = { method: 'GET', raw: { url: '/p?q=1' }, headers: { host: 'h' } };

describe(receivedRequestOf.name, () => {
  it('returns the request line and the bytes as received', () => {
    const rawBody = Buffer.from('{"a":1}');
    expect(receivedRequestOf({ ...bodiless, rawBody, body: { a: 1 } })).toEqual({
      method: 'GET',
      target: '/p?q=1',
      headers: { host: 'h' },
      rawBody,
    });
  });

  it.each([{}, { body: null }, { body: undefined }, { headers: { 'content-length': '0' } }])(
    'treats a missing body as empty: %j',
    (request) => {
      expect(receivedRequestOf({ ...bodiless, ...request }).rawBody).toHaveLength(0);
    },
  );

  it.each<Partial<SignedFastifyRequest>>([
    { body: 'text' },
    { body: '' },
    { body: {} },
    { headers: { 'content-length': '1' } },
    { headers: { 'transfer-encoding': 'chunked' } },
  ])('refuses a body whose bytes were not kept: %j', (request) => {
    expect(() => receivedRequestOf({ ...bodiless, ...request })).toThrow(SignatureRefused);
  });
});
