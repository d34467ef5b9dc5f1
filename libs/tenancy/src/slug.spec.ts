import { RESERVED_SLUGS } from './reserved-slugs';
import { slugFromName, slugProblem } from './slug';

describe('slugProblem', () => {
  it.each(['acme', 'abc', '123', 'a1b', 'acme-bank-2', 'admin-acme', 'a'.repeat(40), 'xn-acme', 'deadbeef'])(
    'accepts %p',
    (slug) => {
      expect(slugProblem(slug)).toBeNull();
    },
  );

  it.each([
    ['', 'use 3 to 40 characters'],
    ['ab', 'use 3 to 40 characters'],
    ['a'.repeat(41), 'use 3 to 40 characters'],
    ['Acme', 'use only lower-case letters a-z, digits and hyphens'],
    ['ac_me', 'use only lower-case letters a-z, digits and hyphens'],
    ['ac me', 'use only lower-case letters a-z, digits and hyphens'],
    ['acme\n', 'use only lower-case letters a-z, digits and hyphens'],
    ['acmé', 'use only lower-case letters a-z, digits and hyphens'],
    ['acme.bank', 'use only lower-case letters a-z, digits and hyphens'],
    ['xn--caf-dma', 'do not start with xn--'],
    ['-acme', 'start and end with a letter or a digit'],
    ['acme-', 'start and end with a letter or a digit'],
    ['acme--bank', 'put a single hyphen between words'],
    ['017f22e2-79b0-7cc3-98c4-dc0c0c07398f', 'does not look like an id'],
    ['017f22e279b07cc398c4dc0c0c07398f', 'does not look like an id'],
    ['admin', 'this word is reserved'],
  ])('says how to fix %p', (slug, advice) => {
    expect(slugProblem(slug)).toContain(advice);
  });

  it.each(
    (
      'www api admin app auth login signup static assets cdn mail smtp ftp ns1 ns2 docs status ' +
      'health metrics console ' +
      'control-plane tenant-plane cp tp root support billing localhost'
    ).split(' '),
  )('rejects %p as reserved', (word) => {
    expect(RESERVED_SLUGS.has(word)).toBe(true);
    expect(slugProblem(word)).not.toBeNull();
  });

  it('reserves only words that would be valid slugs, apart from their length', () => {
    const impossible = [...RESERVED_SLUGS].filter((word) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(word));
    expect(impossible).toEqual([]);
  });
});

describe('slugFromName', () => {
  it.each([
    ['Acme', 'acme'],
    ['  Acme   Bank, Inc. ', 'acme-bank-inc'],
    ['Café Ørsted GmbH', 'cafe-orsted-gmbh'],
    ['Straße & Söhne', 'strasse-sohne'],
    ['GROẞMARKT', 'grossmarkt'],
    ['Ægir Œuvre Þór Łódź', 'aegir-oeuvre-thor-lodz'],
    ['İstanbul Isı', 'istanbul-isi'],
    ["O'Neill’s", 'oneills'],
    ['ﬁnance Ⅻ ℌ', 'finance-xii-h'],
    ['xn--caf-dma', 'xn-caf-dma'],
    ['--a--', 'a'],
    ['Acme日本Bank', 'acme-bank'],
    ['日本語', ''],
    ['!!!', ''],
    ['', ''],
  ])('turns %p into %p', (name, slug) => {
    expect(slugFromName(name)).toBe(slug);
  });

  it('returns at most 40 characters, without a trailing hyphen', () => {
    expect(slugFromName('a'.repeat(50))).toBe('a'.repeat(40));
    expect(slugFromName(`${'a'.repeat(39)} bank`)).toBe('a'.repeat(39));
    expect(slugFromName(`-${'a'.repeat(40)}`)).toBe('a'.repeat(40));
  });
});
