import { closestTo } from './suggestion';

const NAMES = ['provision', 'deprovision', 'planes', 'plane-logs', 'job', 'jobs', '--model', '--name'];

describe(closestTo.name, () => {
  it.each([
    ['provison', 'provision'],
    ['porvision', 'provision'],
    ['deprovison', 'deprovision'],
    ['prov', 'provision'],
    ['jbos', 'jobs'],
    ['--modle', '--model'],
    ['--nmae', '--name'],
  ])('given %s, suggests %s', (typed, meant) => {
    expect(closestTo(typed, NAMES)).toBe(meant);
  });

  it.each(['fly', 'x', 'conjure', '--softly', 'pl'])('suggests nothing for %s', (typed) => {
    expect(closestTo(typed, NAMES)).toBeUndefined();
  });
});
