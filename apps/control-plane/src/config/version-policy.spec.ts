import { VERSION_PATTERN } from '@atlas/operator-api';
import { CONTROL_PLANE_VERSION, versionClassOf, versionProblem } from './version-policy';

describe('a tenant plane', () => {
  it.each(['1.4.2', '1.4.1', '1.4.0', '1.3.9', '1.0.0', '1.4.2-rc.1', '1.3.0+build.5'])(
    'running version %s works with Control Plane 1.4.2',
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
  ])('running version "%s" does not work with Control Plane 1.4.2 (message: "%s")', (version, why) => {
    expect(versionProblem(version, '1.4.2')).toContain(why);
  });

  it.each([
    ['1.4.2', 'current'],
    ['1.4.2-rc.1', 'current'],
    ['1.4.1', 'behind'],
    ['1.3.10', 'behind'],
    ['1.4.3', 'unsupported'],
    ['2.0.0', 'unsupported'],
    ['0.9.0', 'unsupported'],
    ['latest', 'unsupported'],
  ])('running version %s is classed as "%s" by Control Plane 1.4.2', (version, kind) => {
    expect(versionClassOf(version, '1.4.2')).toBe(kind);
  });

  it.each(['1.4', 'v1.4.2', '1.4.2+build.5', '1.4.2-a/../b', '1.4.2 ', '1.4.2-'])(
    'cannot have the malformed version %j',
    (version) => {
      expect(VERSION_PATTERN.test(version)).toBe(false);
    },
  );

  it("is supported if its version equals the Control Plane's own", () => {
    expect(versionProblem(CONTROL_PLANE_VERSION)).toBeNull();
  });
});
