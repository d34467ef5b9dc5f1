import { FairLine } from './fair-line';

describe(FairLine.name, () => {
  const line = (limits: object = {}) => new FairLine({ atOnce: 3, ofOneTenant: 2, waiting: 5, ...limits });
  const join = (to: FairLine, ...ids: string[]): void => {
    for (const id of ids) to.join({ tenantId: id.charAt(0), id });
  };
  const taken = (from: FairLine): string[] => {
    const next = from.next();
    return next ? [next.id, ...taken(from)] : [];
  };

  it('lets tenants take turns, and none use all places', () => {
    const one = line();
    join(one, 'a1', 'a2', 'a3', 'b1', 'b1');
    expect(taken(one)).toEqual(['a1', 'b1', 'a2']);
    one.leave({ tenantId: 'b', id: 'b1' });
    expect(taken(one)).toEqual([]);
    one.leave({ tenantId: 'a', id: 'a1' });
    expect(taken(one)).toEqual(['a3']);
  });

  it('holds a limited amount of work for each tenant', () => {
    const one = line({ waiting: 1, ofOneTenant: 3 });
    join(one, 'a1', 'a2', 'b1');
    expect(taken(one)).toEqual(['a1', 'b1']);
  });
});
