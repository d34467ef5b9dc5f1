import { PLANS } from './plans';

describe('plans', () => {
  it('are the three plans in the wire contract, smallest first', () => {
    expect(PLANS).toEqual(['core', 'operations', 'enterprise']);
  });
});
