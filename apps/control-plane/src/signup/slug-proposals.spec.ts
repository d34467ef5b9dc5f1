import { organisationOf, slugsFor } from './slug-proposals';

describe('organisationOf', () => {
  it.each([
    ['jo@acme.com', 'acme'],
    ['jo@mail.acme.co.uk', 'acme'],
    ['jo@eu.acme.io', 'acme'],
    ['jo@co.uk', 'co'],
    ['"a@b"@acme.com', 'acme'],
    ['jo@localhost', null],
    ['jo@GMAIL.com', null],
  ])('maps %s to %s', (email, organisation) => expect(organisationOf(email)).toBe(organisation));
});

describe('slugsFor', () => {
  it('proposes the name, then numbered variants', () => {
    expect(slugsFor('Café Ørsted').slice(0, 3)).toEqual(['cafe-orsted', 'cafe-orsted-2', 'cafe-orsted-3']);
  });

  it('appends a word if the name alone is too short or reserved', () => {
    expect([slugsFor('AB')[0], slugsFor('Admin')[0]]).toEqual(['ab-team', 'admin-team']);
  });

  it('never exceeds the maximum length', () => {
    const slugs = slugsFor('a'.repeat(100));
    expect([slugs[0]?.length, slugs.at(-1)]).toEqual([40, `${'a'.repeat(38)}-9`]);
  });

  it('proposes nothing for a name without usable letters', () => expect(slugsFor('日本')).toEqual([]));
});
