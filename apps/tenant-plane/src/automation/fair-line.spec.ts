import { FairLine } from './fair-line';

describe(FairLine.name, () => {
  const line = (limits: object = {}) => new FairLine({ atOnce: 3, ofOneTenant: 2, waiting: 5, ...limits });
  const join = (to: FairLine, ...runs: string[]): void => {
    for (const runId of runs) to.join({ tenantId: runId.charAt(0), runId });
  };
  const taken = (from: FairLine): string[] => {
    const next = from.next();
    return next ? [next.runId, ...taken(from)] : [];
  };

  it('lets tenants take turns, and none use all places', () => {
    const one = line();
    join(one, 'a1', 'a2', 'a3', 'b1', 'b1');
    expect(taken(one)).toEqual(['a1', 'b1', 'a2']);
    one.leave({ tenantId: 'b', runId: 'b1' });
    expect(taken(one)).toEqual([]);
    one.leave({ tenantId: 'a', runId: 'a1' });
    expect(taken(one)).toEqual(['a3']);
  });

  it('holds a limited number of runs for each tenant', () => {
    const one = line({ waiting: 1, ofOneTenant: 3 });
    join(one, 'a1', 'a2', 'b1');
    expect(taken(one)).toEqual(['a1', 'b1']);
  });
});
