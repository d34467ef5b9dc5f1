import { DomainError, ignoring, validationFailed } from './errors';

describe('validationFailed', () => {
  it('names each field only once, even if the field breaks several rules', () => {
    const error = validationFailed([
      { field: 'email', message: 'email must be an email' },
      { field: 'password', message: 'password must be a string' },
      { field: 'password', message: 'password is too short' },
    ]);
    expect(error.message).toBe('The request is not valid. Invalid fields: email, password.');
  });
});

describe('ignoring', () => {
  const refused = (code: string) => Promise.reject(new DomainError(code, 'conflict', 'Refused.'));

  it('ignores refusals with the given codes', async () => {
    await expect(refused('busy').catch(ignoring('gone', 'busy'))).resolves.toBeUndefined();
  });

  it('rethrows any other refusal or error', async () => {
    await expect(refused('unknown').catch(ignoring('busy'))).rejects.toMatchObject({ code: 'unknown' });
    const failed = Promise.reject(new Error('a defect'));
    await expect(failed.catch(ignoring('busy'))).rejects.toThrow('a defect');
  });
});
