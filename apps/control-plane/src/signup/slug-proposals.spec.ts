import { organisationOf, slugsFor } from './slug-proposals';

describe('the organisation of an address', () => {
  it.each([
    ['jo@acme.com', 'acme'],
    ['jo@mail.acme.co.uk', 'acme'],
    ['jo@eu.acme.io', 'acme'],
    ['jo@co.uk', 'co'],
    ['"a@b"@acme.com', 'acme'],
    ['jo@localhost', null],
    ['jo@GMAIL.com', null],
  ])('of %s is %s', (email, organisation) => expect(organisationOf(email)).toBe(organisation));
});

describe('slugs for a name', () => {
  it('are the name, then numbered', () => {
    expect(slugsFor('Café Ørsted').slice(0, 3)).toEqual(['cafe-orsted', 'cafe-orsted-2', 'cafe-orsted-3']);
  });

  it('have a word more where the name alone is too short or reserved', () => {
    expect([slugsFor('AB')[0], slugsFor('Admin')[0]]).toEqual(['ab-team', 'admin-team']);
  });

  it('never get too long', () => {
    const slugs = slugsFor('a'.repeat(100));
    expect([slugs[0]?.length, slugs.at(-1)]).toEqual([40, `${'a'.repeat(38)}-9`]);
  });

  it('are none without a letter to begin with', () => expect(slugsFor('日本')).toEqual([]));
});
