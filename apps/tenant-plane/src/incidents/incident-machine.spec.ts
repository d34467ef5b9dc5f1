import { INCIDENT_STATUSES, INCIDENT_MACHINE } from '@atlas/tenant-api/incidents';

describe('an incident', () => {
  it("can get from any status to 'closed', and from 'closed' to any status except 'triggered'", () => {
    for (const state of INCIDENT_STATUSES) {
      expect([state, reachableFrom(state).has('closed')]).toEqual([state, true]);
      expect([state, reachableFrom('closed').has(state)]).toEqual([state, state !== 'triggered']);
    }
  });

  it('can be closed directly only if it is resolved', () => {
    const before = INCIDENT_STATUSES.filter((state) => INCIDENT_MACHINE.can(state, 'closed'));
    expect(before).toEqual(['resolved']);
  });

  it('can change neither to its own status nor back to triggered', () => {
    for (const state of INCIDENT_STATUSES) {
      expect(INCIDENT_MACHINE.can(state, state)).toBe(false);
      expect(INCIDENT_MACHINE.can(state, 'triggered')).toBe(false);
    }
  });

  function reachableFrom(start: (typeof INCIDENT_STATUSES)[number]): Set<string> {
    const found = new Set<string>([start]);
    for (const state of found) {
      if (INCIDENT_MACHINE.is(state)) for (const next of INCIDENT_MACHINE.next(state)) found.add(next);
    }
    return found;
  }
});
