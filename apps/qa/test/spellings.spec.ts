import { findIn } from '../src/secrets/spellings';

const SECRET = 'ats_KeyId0000001_3fTz9QpLx0VbNm27RwYcKdHsJgA5uE8iOoZ1a4DqX6h';

describe('a secret in text', () => {
  it.each<[string, string]>([
    ['verbatim', `at ${SECRET}.`],
    ['without its public part', `at ${SECRET.slice(17)}.`],
    ['truncated at the end', `at ${SECRET.slice(0, 50)}…`],
    ['truncated at the start', `… ${SECRET.slice(-30)}`],
    ...[0, 1, 2].map((n): [string, string] => [
      `within base64, starting at byte ${n}`,
      Buffer.from(`${'{"x'.slice(0, n)}${SECRET}"}`).toString('base64'),
    ]),
    ['within base64url', Buffer.from(`user:${SECRET}`).toString('base64url')],
    ['in hex', Buffer.from(SECRET).toString('hex')],
  ])('is found if it appears %s', (_, text) => {
    expect(findIn({ log: text }, { secret: SECRET })).toEqual(['secret in log']);
  });

  it('is found if some of its characters are escaped', () => {
    const secret = 'pass "word" of/me';
    for (const text of [JSON.stringify({ secret }), `?p=${encodeURIComponent(secret)}`])
      expect(findIn({ log: text }, { secret })).toEqual(['secret in log']);
  });

  it('is not confused with its public id, or with another secret', () => {
    const texts = { log: 'ats_KeyId0000001_ and ats_KeyId0000001_000000000000000000000000000' };
    expect(findIn(texts, { secret: SECRET })).toEqual([]);
  });
});
