import { checkTable, verdictOn } from './check-table';

const GOOD = { name: 'dns', ok: true, detail: 'found' };
const BAD = { name: 'signature', ok: false, detail: 'refused', fix: 'Paste it again.' };
const WARNED = { name: 'address', ok: true, warning: true, detail: 'loopback', fix: 'Set it.' };
const SKIPPED = { name: 'tls', ok: false, skipped: true, detail: 'not checked', fix: 'Nothing.' };

describe(checkTable.name, () => {
  it('shows one line per check, with the fix below each failure and warning', () => {
    expect(checkTable([GOOD, WARNED, BAD, SKIPPED]).split('\n')).toEqual([
      '  ✓ dns        found',
      '  ! address    loopback',
      '               Fix: Set it.',
      '  ✗ signature  refused',
      '               Fix: Paste it again.',
      '  - tls        not checked',
      '',
    ]);
  });
});

describe(verdictOn.name, () => {
  it.each([
    [[GOOD, WARNED, SKIPPED], /^Ready/],
    [[GOOD, BAD], /^One check failed/],
    [[BAD, BAD], /^2 checks failed/],
  ])('counts the failed checks', (checks, verdict) => {
    expect(verdictOn({ checks, running: null })).toMatch(verdict);
  });

  it('says that the plane is already running, with its process and port', () => {
    const running = { pid: 42, port: 4200 };
    expect(verdictOn({ checks: [GOOD], running })).toMatch(
      /^This plane is already running \(process 42, port 4200\)\./,
    );
    expect(verdictOn({ checks: [GOOD], running: { pid: null, port: 4200 } })).toContain('(port 4200)');
    expect(verdictOn({ checks: [BAD], running })).toMatch(/^One check failed/);
  });
});
