import { SecretMask } from './secret-mask';

describe(SecretMask.name, () => {
  it.each([
    ['as they are', 'hunter2', 'a hunter2 hunter2 b', 'a ******* ******* b'],
    ['with as many bytes', 'pässword', 'pässword', '*********'],
    ['in a URL', 'a b/c', '?q=a%20b%2Fc', '?q=*********'],
    ['in a URL with more characters encoded', "it's/me", 'q=it%27s/me', 'q=*********'],
    ['in a URL, in lower case', 'a:b/C', 'https://a%3ab%2fc/', 'https://*********/'],
    ['in a form', 'a b&c', 'q=a+b%26c', 'q=*******'],
    ['in JSON', 'a"b', '{"x":"a\\"b"}', '{"x":"****"}'],
    ['in JSON of ASCII characters', 'a"/ä', '"a\\"\\/\\u00E4"', '"***********"'],
    ['in cookies', 'theme=dark; sid="s3cret"', '{"sid":"s3cret"}', '{"sid":"******"}'],
    ['without their scheme', 'Bearer hunter2', 'token hunter2', 'token *******'],
    ['that look like patterns', 'a$&.*', 'xa$&.*', 'x*****'],
  ])('replaces secrets %s', (_how, secret, text, masked) => {
    expect(new SecretMask([secret]).over(text)).toBe(masked);
  });

  it('replaces the longest secret first, and nothing if there is none', () => {
    expect(new SecretMask(['abcd', 'abcdef']).over('abcdefgh')).toBe('******gh');
    expect(new SecretMask(['']).over('abc')).toBe('abc');
  });
});
