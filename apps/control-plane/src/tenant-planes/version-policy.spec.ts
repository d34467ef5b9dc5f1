import { CONTROL_PLANE_VERSION, versionProblem } from './version-policy';

describe('the version of a tenant plane', () => {
  it.each(['1.4.2', '1.4.1', '1.4.0', '1.3.9', '1.0.0', '1.4.2-rc.1', '1.3.0+build.5'])(
    '%s is accepted by 1.4.2',
    (version) => {
      expect(versionProblem(version, '1.4.2')).toBeNull();
    },
  );

  it.each([
    ['1.4.3', 'newer'],
    ['1.5.0', 'newer'],
    ['2.0.0', 'major'],
    ['0.9.9', 'major'],
    ['1.4', 'not a version'],
    ['v1.4.2', 'not a version'],
    ['latest', 'not a version'],
    ['', 'not a version'],
    ['1.4.2.1', 'not a version'],
  ])('%s is refused by 1.4.2: %s', (version, why) => {
    expect(versionProblem(version, '1.4.2')).toContain(why);
  });

  it('of our own release is accepted', () => {
    expect(versionProblem(CONTROL_PLANE_VERSION)).toBeNull();
  });
});
