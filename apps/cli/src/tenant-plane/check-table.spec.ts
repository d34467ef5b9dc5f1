import { checkTable, verdictOn } from './check-table';

const GOOD = { name: 'dns', ok: true, detail: 'found' };
const BAD = { name: 'signature', ok: false, detail: 'refused', fix: 'Paste it again.' };
const SKIPPED = { name: 'tls', ok: false, skipped: true, detail: 'not asked', fix: 'Nothing.' };

describe(checkTable.name, () => {
  it('shows a line a check, and below a failed one what to do', () => {
    expect(checkTable([GOOD, BAD, SKIPPED]).split('\n')).toEqual([
      '  ✓ dns        found',
      '  ✗ signature  refused',
      '               Fix: Paste it again.',
      '  - tls        not asked',
      '',
    ]);
  });
});

describe(verdictOn.name, () => {
  it.each([
    [[GOOD, SKIPPED], /^Ready/],
    [[GOOD, BAD], /^One thing has/],
    [[BAD, BAD], /^2 things have/],
  ])('counts what failed', (checks, verdict) => {
    expect(verdictOn(checks)).toMatch(verdict);
  });
});
