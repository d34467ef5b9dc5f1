import { checkTable, verdictOn } from './check-table';

const GOOD = { name: 'dns', ok: true, detail: 'found' };
const BAD = { name: 'signature', ok: false, detail: 'refused', fix: 'Paste it again.' };
const WARNED = { name: 'address', ok: true, warning: true, detail: 'loopback', fix: 'Set it.' };
const SKIPPED = { name: 'tls', ok: false, skipped: true, detail: 'not asked', fix: 'Nothing.' };

describe(checkTable.name, () => {
  it('shows a line a check, and below one that failed or warns what to do', () => {
    expect(checkTable([GOOD, WARNED, BAD, SKIPPED]).split('\n')).toEqual([
      '  ✓ dns        found',
      '  ! address    loopback',
      '               Fix: Set it.',
      '  ✗ signature  refused',
      '               Fix: Paste it again.',
      '  - tls        not asked',
      '',
    ]);
  });
});

describe(verdictOn.name, () => {
  it.each([
    [[GOOD, WARNED, SKIPPED], /^Ready/],
    [[GOOD, BAD], /^One thing has/],
    [[BAD, BAD], /^2 things have/],
  ])('counts what failed', (checks, verdict) => {
    expect(verdictOn(checks)).toMatch(verdict);
  });
});
