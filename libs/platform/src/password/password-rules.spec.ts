import { commonPasswords } from './common-passwords';
import { refuseGuessable } from './password-rules';

const WORDS = ['acme-logistics', 'Acme Logistics Ltd', 'ann.miller'];

function outcome(password: string): string {
  try {
    refuseGuessable(password, WORDS);
    return 'taken';
  } catch (error) {
    return (error as { extra: { errors: { message: string }[] } }).extra.errors[0]?.message ?? '';
  }
}

describe('a password', () => {
  it.each(['qwerty123456', 'QWERTY123456', '010203040506'])(
    'must not be the common password %s',
    (password) => expect(outcome(password)).toContain('too common'),
  );

  it.each(['acme-logistics', 'AcmeLogistics2026', 'atlasatlas2026', 'Ann.Miller-1!', 'miller.acme.1'])(
    'must not be built from guessable names: %s',
    (password) => expect(outcome(password)).toContain('a name that is easy to guess'),
  );

  it.each([
    'correct horse battery staple',
    'zzzzzzzzzzzq',
    'nodigitsnorcapitals',
    '493027561938',
    'the atlas on my shelf',
    'acme-and-8-more-letters',
    'пароль из слов',
  ])('may be %s', (password) => expect(outcome(password)).toBe('taken'));

  it('is checked against at least 3000 common passwords of the minimum length', () => {
    expect(commonPasswords().size).toBeGreaterThanOrEqual(3000);
  });
});
