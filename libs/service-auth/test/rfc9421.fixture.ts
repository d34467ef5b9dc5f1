import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { requestComponents } from '../src/request-components';
import { hmacSha256, type SignatureComponent } from '../src/signature-base';

/** A signature printed in RFC 9421. It is valid only for the signature base in the RFC. */
export interface Vector {
  readonly section: string;
  /** All components of the message. */
  readonly message: readonly SignatureComponent[];
  readonly input: string;
  readonly signature: string;
  readonly holds: (base: Buffer, signature: Buffer) => boolean;
}

export const SHARED_SECRET = Buffer.from(
  'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  'base64',
);

const RSA_PSS = publicKey(
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+' +
    'oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W' +
    'Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI' +
    '2wIDAQAB',
);
const ECC_P256 = publicKey(
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==',
);
const ED25519 = publicKey('MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=');

const REQUEST_DIGEST =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';
const ANSWER_DIGEST =
  'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:';
const BUSY_DIGEST =
  'sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:';

const derived = requestComponents({
  method: 'POST',
  authority: 'example.com',
  target: '/foo?param=Value&Pet=dog',
  contentDigest: REQUEST_DIGEST,
  tenantId: undefined,
});
/** `test-request`. Components that our calls never cover are given as the RFC spells them. */
const REQUEST: readonly SignatureComponent[] = [
  ...derived,
  ['"date"', 'Tue, 20 Apr 2021 02:07:55 GMT'],
  ['"content-type"', 'application/json'],
  ['"content-length"', '18'],
  ['"@query-param";name="Pet"', 'dog'],
];
/** `test-response`. */
const ANSWER: readonly SignatureComponent[] = [
  ['"@status"', '200'],
  ['"content-type"', 'application/json'],
  ['"content-digest"', ANSWER_DIGEST],
  ['"content-length"', '23'],
];
/** The response to `test-request` in section 2.4. */
const BUSY: readonly SignatureComponent[] = [
  ['"@status"', '503'],
  ['"content-digest"', BUSY_DIGEST],
  ['"content-type"', 'application/json'],
  ...derived.map(([identifier, value]): SignatureComponent => [`${identifier};req`, value]),
];

export const VECTORS: readonly Vector[] = [
  {
    section: '2.4, a response that covers its request',
    message: BUSY,
    input:
      '("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req ' +
      '"content-digest";req);created=1618884479;keyid="test-key-ecc-p256"',
    signature: 'dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==',
    holds: ecdsaP256,
  },
  {
    section: '2.5, signed in 3.1',
    message: REQUEST,
    input:
      '("@method" "@authority" "@path" "content-digest" "content-length" ' +
      '"content-type");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'HIbjHC5rS0BYaa9v4QfD4193TORw7u9edguPh0AW3dMq9WImrlFrCGUDih47vAxi4L2YRZ3XMJc1uOKk/J0ZmZ+wcta4nKIgBkKq0rM9hs3CQyxXGxHLMCy8uqK488o+' +
      '9jrptQ+xFPHK7a9sRL1IXNaagCNN3ZxJsYapFj+JXbmaI5rtAdSfSvzPuBCh+ARHBmWuNo1UzVVdHXrl8ePL4cccqlazIJdC4QEjrF+Sn4IxBQzTZsL9y9TP5FsZYzHv' +
      'DqbInkTNigBcE9cKOYNFCn4D/WM7F6TNuZO9EgtzepLWcjTymlHzK7aXq6Am6sfOrpIC49yXjj3ae6HRalVc/g==',
    holds: rsaPss,
  },
  {
    section: 'B.2.1',
    message: REQUEST,
    input: '();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    signature:
      'd2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrW' +
      'H5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WS' +
      'b/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==',
    holds: rsaPss,
  },
  {
    section: 'B.2.2',
    message: REQUEST,
    input:
      '("@authority" "content-digest" ' +
      '"@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    signature:
      'LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0' +
      'nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ9' +
      '9PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==',
    holds: rsaPss,
  },
  {
    section: 'B.2.3',
    message: REQUEST,
    input:
      '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" ' +
      '"content-length");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DF' +
      'll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8' +
      'Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==',
    holds: rsaPss,
  },
  {
    section: 'B.2.4',
    message: ANSWER,
    input:
      '("@status" "content-type" "content-digest" ' +
      '"content-length");created=1618884473;keyid="test-key-ecc-p256"',
    signature: 'wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==',
    holds: ecdsaP256,
  },
  {
    section: 'B.2.5',
    message: REQUEST,
    input: '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    signature: 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    holds: (base, signature) => hmacSha256(SHARED_SECRET, base.toString()).equals(signature),
  },
  {
    section: 'B.2.6',
    message: REQUEST,
    input:
      '("date" "@method" "@path" "@authority" "content-type" ' +
      '"content-length");created=1618884473;keyid="test-key-ed25519"',
    signature: 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    holds: (base, signature) => verify(null, base, ED25519, signature),
  },
];

function publicKey(der: string): KeyObject {
  return createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' });
}

function rsaPss(base: Buffer, signature: Buffer): boolean {
  const key = { key: RSA_PSS, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
  return verify('sha512', base, key, signature);
}

function ecdsaP256(base: Buffer, signature: Buffer): boolean {
  return verify('sha256', base, { key: ECC_P256, dsaEncoding: 'ieee-p1363' }, signature);
}
