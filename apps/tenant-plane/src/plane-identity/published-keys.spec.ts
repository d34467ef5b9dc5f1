import { keysAfter } from './published-keys';

/** To see it fail, return `told`. */
describe('the published keys that a plane keeps', () => {
  const key = (kid: string, purpose: string) => ({ kty: 'OKP', kid, purpose });

  it('are the newest ones for each purpose, and earlier ones for purposes that are not mentioned', () => {
    const known = [key('old', 'signup'), key('lease', 'lease')];
    expect(keysAfter(known, [key('new', 'signup')]).map(({ kid }) => kid)).toEqual(['new', 'lease']);
    expect(keysAfter(known, []).map(({ kid }) => kid)).toEqual(['old', 'lease']);
  });
});
