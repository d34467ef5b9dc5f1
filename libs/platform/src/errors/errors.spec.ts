import { validationFailed } from './errors';

describe('validationFailed', () => {
  it('names each field once, however many rules it breaks', () => {
    const error = validationFailed([
      { field: 'email', message: 'email must be an email' },
      { field: 'password', message: 'password must be a string' },
      { field: 'password', message: 'password is too short' },
    ]);
    expect(error.message).toBe('The request is not valid: see email, password.');
  });
});
