import { hmacSha256, signatureBase } from './signature-base';

const RFC_KEY = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';

describe('RFC 9421 appendix B.2.5', () => {
  const base = signatureBase(
    [
      ['"date"', 'Tue, 20 Apr 2021 02:07:55 GMT'],
      ['"@authority"', 'example.com'],
      ['"content-type"', 'application/json'],
    ],
    '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
  );

  it('gives the signature base of the RFC', () => {
    expect(base).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@authority": example.com',
        '"content-type": application/json',
        '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
      ].join('\n'),
    );
  });

  it('gives the signature of the RFC', () => {
    const signature = hmacSha256(Buffer.from(RFC_KEY, 'base64'), base);
    expect(signature.toString('base64')).toBe('pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=');
  });
});

describe(signatureBase.name, () => {
  it('takes no value that could pass for two components', () => {
    expect(() => signatureBase([['"@path"', '/a\n"@query": ?b']], '()')).toThrow(TypeError);
    expect(() => signatureBase([['"@path"', '/a\r']], '()')).toThrow(TypeError);
    expect(() => signatureBase([['"@path"', '/ä']], '()')).toThrow(TypeError);
  });
});

describe(hmacSha256.name, () => {
  it('takes no key that could be guessed', () => {
    expect(() => hmacSha256('', 'base')).toThrow(TypeError);
    expect(() => hmacSha256('x'.repeat(31), 'base')).toThrow(TypeError);
    expect(hmacSha256('x'.repeat(32), 'base')).toHaveLength(32);
  });
});
