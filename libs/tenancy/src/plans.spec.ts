import { PLANS } from './plans';

describe('plans', () => {
  it('are the three of the wire contract, smallest first', () => {
    expect(PLANS).toEqual(['core', 'operations', 'enterprise']);
  });
});
