import { randomBytes } from 'node:crypto';
import { isDefaultSecret, passwordInUrl } from './default-secret';

describe(isDefaultSecret.name, () => {
  it.each([
    'changeme',
    'CHANGE_ME',
    'change-me-1234',
    'changeme1234567890',
    'password',
    'Password123',
    'postgres',
    'secret',
    'a-long-random-text',
    'a token of 16 characters or more',
    'your-metrics-token-here',
    'choose-one',
    '<openssl rand -hex 24>',
    'x'.repeat(40),
    '',
    '1212',
  ])('recognises %j as a default secret', (text) => expect(isDefaultSecret(text)).toBe(true));

  it.each([
    'correct horse battery staple',
    'ats_KeyId0000001_00000000000000000000000000000000000000000074LOe8F',
    'prod-secret-8f7a9c',
    '8312749650127364',
    '83127a49650127364a52',
  ])('does not mistake %j for a default secret', (text) => expect(isDefaultSecret(text)).toBe(false));

  it('never mistakes a random secret for a default secret', () => {
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      for (let count = 0; count < 1000; count++)
        expect(isDefaultSecret(randomBytes(16).toString(encoding))).toBe(false);
  });
});

describe(passwordInUrl.name, () => {
  it.each([
    ['postgres://app:pa%20ss@db/x', 'pa ss'],
    ['postgres://app:pa%ss@db/x', 'pa%ss'],
    ['postgres://app:<openssl rand -hex 24>@db/x', '<openssl rand -hex 24>'],
    ['postgres://app@db/x', undefined],
    ['postgres:///x?host=/run/postgresql', undefined],
    ['data/tenant-plane.db', undefined],
    ['postgres://atlas_owner:atlas_owner@db/x', 'password'],
  ])('for %s, returns %s', (url, password) => expect(passwordInUrl(url)).toBe(password));
});
