import { NO_PASSWORD, hashPassword, passwordMatches } from './passwords';

describe('passwords', () => {
  it('are stored as argon2id hashes (19 MiB, two passes), each password with its own salt', async () => {
    const [one, another] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(another);
  });

  it('match only the text that was hashed', async () => {
    const kept = await hashPassword('correct horse');
    expect(await passwordMatches('correct horse', kept)).toBe(true);
    expect(await passwordMatches('Correct horse', kept)).toBe(false);
    expect(await passwordMatches('', NO_PASSWORD)).toBe(false);
  });
});
