import { PLANS } from './plans';

describe('plans', () => {
  it('are the three in the wire contract, smallest first', () => {
    expect(PLANS).toEqual(['core', 'operations', 'enterprise']);
  });
});
