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
  ])('takes %s for %s', (typed, meant) => {
    expect(closestTo(typed, NAMES)).toBe(meant);
  });

  it.each(['fly', 'x', 'conjure', '--softly', 'pl'])('takes %s for nothing', (typed) => {
    expect(closestTo(typed, NAMES)).toBeUndefined();
  });
});
