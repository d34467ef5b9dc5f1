import { type InnerList, parseList, serializeItem } from 'structured-headers';
import { contentDigest } from '../src/content-digest';
import { authorityOf, requestComponents } from '../src/request-components';
import { inOrder, signatureBase } from '../src/signature-base';
import { readSignatureFields, type SignatureParameters, writeSignatureFields } from '../src/signature-fields';
import { readSignature } from '../src/signed-request';
import { SHARED_SECRET, VECTORS, type Vector } from './rfc9421.fixture';
import { refusalOf } from './signed-call.fixture';

/** The components and parameters of a `Signature-Input`, according to an independent parser. */
function listedIn(input: string): { identifiers: string[]; parameters: SignatureParameters } {
  const [items, parameters] = parseList(input)[0] as InnerList;
  return {
    identifiers: items.map((item) => serializeItem(item)),
    parameters: parameters as SignatureParameters,
  };
}

const componentsOf = ({ input, message }: Vector) => inOrder(listedIn(input).identifiers, message);

describe.each(VECTORS)('the example in RFC 9421, section $section,', (vector) => {
  const { input, signature } = vector;
  const base = Buffer.from(signatureBase(componentsOf(vector), input));

  it('has the signature base that the RFC signed', () => {
    expect(vector.holds(base, Buffer.from(signature, 'base64'))).toBe(true);
  });

  it('has its parameters spelled as in the RFC', () => {
    const fields = writeSignatureFields(componentsOf(vector), listedIn(input).parameters, SHARED_SECRET);
    expect(fields['signature-input']).toBe(`sig1=${input}`);
  });

  it('is not accepted as one of our signatures', () => {
    const headers = { 'signature-input': `sig=${input}`, signature: `sig=:${signature}:` };
    expect(refusalOf(() => readSignature(headers))).toMatchObject({ code: 'bad_signature' });
  });
});

it('the example in RFC 9421, section B.2.5, gets the signature printed in the RFC', () => {
  const vector = VECTORS.find(({ section }) => section === 'B.2.5') as Vector;
  const { parameters } = listedIn(vector.input);
  const fields = writeSignatureFields(componentsOf(vector), parameters, SHARED_SECRET);
  expect(fields.signature).toBe('sig1=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:');
});

/**
 * The only example in the RFC with a tag, which all our signatures have. Signed here with the only algorithm
 * that we accept.
 */
it('the example in RFC 9421, section B.2.2, is read as printed in the RFC', () => {
  const vector = VECTORS.find(({ section }) => section === 'B.2.2') as Vector;
  const { identifiers, parameters } = listedIn(vector.input);
  const fields = writeSignatureFields(componentsOf(vector), parameters, SHARED_SECRET);
  const profile = { components: identifiers, parameters: [...parameters.keys()], tag: 'header-example' };
  const read = { components: identifiers, parameters, signatureParams: vector.input };
  expect(readSignatureFields(fields, profile)).toMatchObject(read);
});

describe('RFC 9421', () => {
  it.each([
    ['1', 'POST', '/path?param=value', '"@method"', 'POST'],
    ['3', 'POST', '/path?param=value', '"@authority"', 'www.example.com'],
    ['6', 'GET', '/path?param=value', '"@path"', '/path'],
    ['6, the empty path', 'GET', '', '"@path"', '/'],
    [
      '7',
      'POST',
      '/path?param=value&foo=bar&baz=bat%2Dman',
      '"@query"',
      '?param=value&foo=bar&baz=bat%2Dman',
    ],
    ['7, a query without names', 'POST', '/path?queryString', '"@query"', '?queryString'],
    ['7, no query', 'POST', '/path', '"@query"', '?'],
    ['7, an empty query', 'POST', '/path?', '"@query"', '?'],
  ])('section 2.2.%s: %s %s has the %s %s', (_, method, target, identifier, value) => {
    const url = new URL(`https://www.example.com${target}`);
    const components = requestComponents({
      method,
      authority: authorityOf(url),
      target: url.pathname + url.search,
      contentDigest: contentDigest(''),
      tenantId: undefined,
    });
    expect(new Map(components).get(identifier)).toBe(value);
  });

  it.each([
    'http://example.com:80/~smith/home.html',
    'http://EXAMPLE.com/%7Esmith/home.html',
    'http://EXAMPLE.com:/%7esmith/home.html',
  ])('section 2.2.3: the authority of %s is normalised as in RFC 9110, section 4.2.3', (url) => {
    expect(authorityOf(url)).toBe('example.com');
  });
});

describe('RFC 9530, appendix B', () => {
  it.each([
    ['B.1, with its line feed', '{"hello": "world"}\n', 'RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg='],
    ['B.2, no content', '', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
  ])('%s has the digest printed in the RFC', (_, body, digest) => {
    expect(contentDigest(body)).toBe(`sha-256=:${digest}:`);
    expect(contentDigest(Buffer.from(body))).toBe(`sha-256=:${digest}:`);
  });
});
