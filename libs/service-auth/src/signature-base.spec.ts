import { hmacSha256, signatureBase } from './signature-base';

describe(signatureBase.name, () => {
  it('rejects a value that could pass as two components', () => {
    expect(() => signatureBase([['"@path"', '/a\n"@query": ?b']], '()')).toThrow(TypeError);
    expect(() => signatureBase([['"@path"', '/a\r']], '()')).toThrow(TypeError);
    expect(() => signatureBase([['"@path"', '/ä']], '()')).toThrow(TypeError);
  });
});

describe(hmacSha256.name, () => {
  it('rejects a key short enough to guess', () => {
    expect(() => hmacSha256('', 'base')).toThrow(TypeError);
    expect(() => hmacSha256('x'.repeat(31), 'base')).toThrow(TypeError);
    expect(hmacSha256('x'.repeat(32), 'base')).toHaveLength(32);
  });
});
