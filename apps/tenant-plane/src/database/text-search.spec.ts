import { containing } from './text-search';

describe(containing.name, () => {
  it.each([
    ['aß', '[aA]ß', '*[aA]ß*'],
    ['1.5', '1\\.5', '*1.5*'],
    ['[x]*?', '\\[[xX]\\]\\*\\?', '*[[][xX]][*][?]*'],
    ['^$|(){}+\\', '\\^\\$\\|\\(\\)\\{\\}\\+\\\\', '*^$|(){}+\\*'],
    ['🔥-', '🔥-', '*🔥-*'],
  ])('matches %j as it is, in upper and lower case', (text, regex, glob) => {
    expect(containing('postgres', text)).toEqual({ operator: '~', pattern: regex });
    expect(containing('sqlite', text)).toEqual({ operator: 'glob', pattern: glob });
  });
});
