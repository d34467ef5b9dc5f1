import { AUTONOMY_LEVELS, type AutonomyLevel, type PolicyOverrideView } from '@atlas/tenant-api/automation';
import { RISKS, type Risk, STEP_KINDS } from '@atlas/tenant-api/runbooks';
import { DEFAULT_POLICY, decide } from './autonomy';

/** Which levels let steps of each risk run on their own, written out rather than derived. */
const ALONE: Readonly<Record<Risk, readonly AutonomyLevel[]>> = {
  low: [2, 3, 4, 5],
  medium: [3, 4, 5],
  high: [4, 5],
  critical: [],
};

describe(decide.name, () => {
  const cases = AUTONOMY_LEVELS.flatMap((level) =>
    STEP_KINDS.flatMap((kind) => RISKS.map((risk) => ({ level, kind, risk }))),
  );

  it.each(cases)('follows the table: level $level, $kind, $risk', ({ level, kind, risk }) => {
    const needsApproval = kind !== 'manual' && !ALONE[risk].includes(level);
    const decision = decide({ kind, risk }, { level, overrides: [] }, []);
    expect(decision).toEqual({ needsApproval, reason: expect.stringMatching(/\.$/) });
  });

  it('has covered every combination', () => expect(cases).toHaveLength(6 * 3 * 4));

  it.each(cases)('reads an override like the level: $level, $kind, $risk', ({ level, kind, risk }) => {
    const needsApproval = kind !== 'manual' && !ALONE[risk].includes(level);
    const opposite: AutonomyLevel = level < 3 ? 5 : 0;
    const overrides = [{ ci_type: 'server', risk, level }];
    expect(decide({ kind, risk }, { level: opposite, overrides }, ['server'])).toMatchObject({
      needsApproval,
    });
  });

  it('makes steps wait by default', () => {
    for (const risk of RISKS)
      expect(decide({ kind: 'shell', risk }, DEFAULT_POLICY, [])).toMatchObject({ needsApproval: true });
  });

  const high = (ci_type: string | null, level: AutonomyLevel): PolicyOverrideView => ({
    ci_type,
    risk: 'high',
    level,
  });
  it.each<[string, PolicyOverrideView[], string[], boolean]>([
    ['an override for another risk does not count', [{ ...high(null, 5), risk: 'low' }], [], true],
    ['an override for all runs counts', [high(null, 4)], [], false],
    ['an override for a type does not count without an incident', [high('server', 5)], [], true],
    ['an override for another type does not count', [high('server', 5)], ['database'], true],
    [
      'an override for a type replaces one for all runs',
      [high(null, 5), high('server', 1)],
      ['server'],
      true,
    ],
    ['also if it raises the level', [high(null, 1), high('server', 5)], ['server'], false],
    ['the lowest of two equal overrides counts', [high('server', 5), high('server', 2)], ['server'], true],
    ['the strictest type counts', [high('server', 5), high('database', 2)], ['server', 'database'], true],
    ['a type without an override keeps its level', [high('server', 5)], ['server', 'database'], true],
  ])('%s', (_, overrides, ciTypes, needsApproval) => {
    const policy = { level: 1, overrides } as const;
    expect(decide({ kind: 'shell', risk: 'high' }, policy, ciTypes)).toMatchObject({ needsApproval });
  });
});
