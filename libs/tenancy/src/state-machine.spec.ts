import { defineStateMachine } from './state-machine';

const door = defineStateMachine({ open: ['closed'], closed: ['open', 'locked'], locked: [] });

describe('defineStateMachine', () => {
  it('lists the states in the order of the map', () => {
    expect(door.states).toEqual(['open', 'closed', 'locked']);
  });

  it('allows what the map says and nothing else', () => {
    const allowed = door.states.flatMap((from) =>
      door.states.filter((to) => door.can(from, to)).map((to) => `${from} -> ${to}`),
    );
    expect(allowed).toEqual(['open -> closed', 'closed -> open', 'closed -> locked']);
  });

  it('tells where a state may go', () => {
    expect(door.next('closed')).toEqual(['open', 'locked']);
    expect(door.next('locked')).toEqual([]);
  });

  it.each([
    ['open', true],
    ['ajar', false],
    ['constructor', false],
    [undefined, false],
    [['open'], false],
  ])('knows whether %p is a state: %p', (value, expected) => {
    expect(door.is(value)).toBe(expected);
  });

  it('allows nothing from a state that only a careless row holds', () => {
    const careless = JSON.parse('"constructor"');
    expect(door.can(careless, 'open')).toBe(false);
    expect(door.next(careless)).toEqual([]);
  });

  it('refuses a map which leads to a state it does not describe', () => {
    const map: Record<string, string[]> = { open: ['closed'] };
    expect(() => defineStateMachine(map)).toThrow('state open leads to unknown state closed');
  });

  it('can not be changed afterwards, not through the map it was made from either', () => {
    const map: Record<string, string[]> = { open: [], closed: [] };
    const machine = defineStateMachine(map);
    map['open']?.push('closed');
    expect(machine.can('open', 'closed')).toBe(false);
    expect(Object.isFrozen(machine.states) && Object.isFrozen(machine.next('open'))).toBe(true);
  });
});
