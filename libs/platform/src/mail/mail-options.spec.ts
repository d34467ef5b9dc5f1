import { Secret } from '../secrets/secret';
import { mailAddressProblem, isPlainAddress, isTlsRequired, smtpUrlProblem } from './mail-options';

describe('the URL of a mail server', () => {
  it.each(['smtp://127.0.0.1:2525', 'smtps://user:p%40ss@mail.example.com', 'smtp://mail.example.com/'])(
    'may be %s',
    (url) => expect(smtpUrlProblem(url)).toBeNull(),
  );
  it.each([
    '',
    'mail.example.com',
    'https://mail.example.com',
    'smtp://',
    'smtp://host/path',
    'smtp://host?tls=no',
  ])('must not be "%s"', (url) => expect(smtpUrlProblem(url)).toContain('smtp://user:password@host:port'));

  it('requires TLS in production, unless it points to this machine', () => {
    const isNeeded = (smtpUrl: string, isProduction: boolean): boolean =>
      isTlsRequired({ smtpUrl: new Secret(smtpUrl), isProduction, from: undefined });
    expect(isNeeded('smtp://mail.example.com', true)).toBe(true);
    expect(isNeeded('smtp://127.0.0.1:25', true)).toBe(false);
    expect(isNeeded('smtp://[::1]:25', true)).toBe(false);
    expect(isNeeded('smtp://mail.example.com', false)).toBe(false);
  });
});

describe('an email address', () => {
  it.each(['a@example.com', 'Atlas <a@example.com>', 'Atlas, the product <a+b@xn--bcher-kva.example>'])(
    'is accepted as a sender: %s',
    (text) => expect(mailAddressProblem(text)).toBeNull(),
  );
  it.each([
    '',
    'Atlas',
    '<a@example.com>',
    'Atlas\r\nBcc: <a@example.com>',
    'A <a@example.com> <b@example.com>',
  ])('is rejected as a sender: %j', (text) => expect(mailAddressProblem(text)).not.toBeNull());
  it.each([
    'a@b,c@d',
    'a@b\r\nrcpt to:<c@d>',
    '"a@b"@c',
    'a@b c',
    'a@b@c',
    '<a@b>',
    `${'a'.repeat(250)}@b.cd`,
  ])('is rejected as a recipient: %j', (text) => expect(isPlainAddress(text)).toBe(false));
});
