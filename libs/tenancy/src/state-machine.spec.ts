import { defineStateMachine } from './state-machine';

const door = defineStateMachine({ open: ['closed'], closed: ['open', 'locked'], locked: [] });

describe('defineStateMachine', () => {
  it('lists the states in the order of the map', () => {
    expect(door.states).toEqual(['open', 'closed', 'locked']);
  });

  it('allows the transitions in the map and no others', () => {
    const allowed = door.states.flatMap((from) =>
      door.states.filter((to) => door.can(from, to)).map((to) => `${from} -> ${to}`),
    );
    expect(allowed).toEqual(['open -> closed', 'closed -> open', 'closed -> locked']);
  });

  it('lists the states that a state may change to', () => {
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

  it('allows no transition from an unknown state read from a row', () => {
    const careless = JSON.parse('"constructor"');
    expect(door.can(careless, 'open')).toBe(false);
    expect(door.next(careless)).toEqual([]);
  });

  it('rejects a map with a transition to a state that is not in the map', () => {
    const map: Record<string, string[]> = { open: ['closed'] };
    expect(() => defineStateMachine(map)).toThrow('state open leads to unknown state closed');
  });

  it('returns a machine that does not change, even if the map does', () => {
    const map: Record<string, string[]> = { open: [], closed: [] };
    const machine = defineStateMachine(map);
    map['open']?.push('closed');
    expect(machine.can('open', 'closed')).toBe(false);
    expect(Object.isFrozen(machine.states) && Object.isFrozen(machine.next('open'))).toBe(true);
  });
});
