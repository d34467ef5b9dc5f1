import { isPlan, PLANS } from './plans';

describe('plans', () => {
  it('are the three of the wire contract, smallest first', () => {
    expect(PLANS).toEqual(['core', 'operations', 'enterprise']);
  });

  it.each([
    ['core', true],
    ['operations', true],
    ['enterprise', true],
    ['free', false],
    ['Core', false],
    [undefined, false],
    [1, false],
  ])('%p is one: %p', (value, expected) => {
    expect(isPlan(value)).toBe(expected);
  });
});
