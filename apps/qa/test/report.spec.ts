import {
  type Figure,
  all,
  allHold,
  atLeast,
  atMost,
  below,
  exactly,
  measured,
  moreThan,
  none,
  tallyOf,
} from '../src/figures';
import { reportOf } from '../src/report';

const report = (...figures: Figure[]): string =>
  reportOf({
    proof: 'soak',
    database: 'sqlite',
    size: 'small',
    seconds: 12.34,
    figures,
    holds: allHold(figures),
  });

describe('a figure', () => {
  it.each([
    [none('lost', 0), none('lost', ['a row'])],
    [all('active', 58, 58), all('active', 57, 58)],
    [all('active', 1, 1), all('active', 0, 0)],
    [exactly('tenants', 1, 1), exactly('tenants', 2, 1)],
    [atMost('growth', 1, 1), atMost('growth', 1.01, 1)],
    [atMost('growth', 0, 1), atMost('growth', NaN, 1)],
    [below('freeze', 1.9, 2), below('freeze', 2, 2)],
    [atLeast('reads', 2, 2), atLeast('reads', 1, 2)],
    [moreThan('kills', 1, 0), moreThan('kills', 0, 0)],
  ])('holds only if it is within its limit: %j', (good, bad) => {
    expect([good.holds, bad.holds]).toEqual([true, false]);
  });

  it('without a limit cannot make a proof hold', () => {
    expect(allHold([])).toBe(false);
    expect(allHold([measured('tenants', 3)])).toBe(false);
    expect(allHold([measured('tenants', 3), none('lost', 0)])).toBe(true);
  });

  it('can show counts as a tally', () => {
    expect(tallyOf({ 200: 1, 409: 199 })).toBe('1 x 200, 199 x 409');
    expect(tallyOf({})).toBe('none');
  });
});

describe('the report on a proof', () => {
  it('is one line with the first few figures if the proof holds', () => {
    const rest = [measured('seed', 7), measured('texts', 3), measured('planes', 2)];
    expect(
      report(measured('moves', 12), none('rows lost', 0), atMost('freeze', 0.1 + 0.2, 2, 's'), ...rest),
    ).toBe(
      'soak on sqlite | moves: 12; rows lost: 0; freeze: 0.3 s; seed: 7; texts: 3; 1 more | OK in 12.3 s',
    );
  });

  it('is a table that marks the failed figures if the proof fails', () => {
    expect(
      report(measured('moves', 12), none('rows lost', ['row 1', 'row 2']), below('freeze', 1.5, 2, 's')),
    ).toBe(
      [
        'soak on sqlite | FAILED in 12.3 s',
        '    figure     expected  found',
        '    moves                12',
        '  ✗ rows lost  0         2',
        '      - row 1',
        '      - row 2',
        '    freeze     < 2 s     1.5 s',
      ].join('\n'),
    );
  });

  it('shows only the first few cases if there are many', () => {
    const rows = Array.from({ length: 12 }, (_, n) => `row ${n}`);
    expect(report(none('rows lost', rows))).toMatch(/ - row 4\n +- and 7 more$/);
  });
});
