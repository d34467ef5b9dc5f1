import { PLANE_PATHS, type DesiredTenant } from '@atlas/plane-contract';
import { eventually } from '@atlas/testing';
import { FakeControlPlane, ShiftedClock } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { tenantEntry } from '../tenant-plane.fixture';

const UNTRUSTED = ['unsigned', 'forged', 'changed'] as const;
const REPEATED = 3;

/** How the link handles a Control Plane or an intermediary that violates the protocol. */
describe('a plane that links to the Control Plane', () => {
  let link: Link;
  let control: FakeControlPlane;
  let acme: DesiredTenant;

  beforeEach(async () => {
    link = await Link.create('sqlite');
    ({ control } = link);
    acme = tenantEntry('acme');
  });
  afterEach(() => link.close());

  const rebuffed = (times = 1): Promise<boolean> =>
    eventually(() => control.rebuffs.length >= times, { what: `the plane was rebuffed ${times} times` });

  it.each(UNTRUSTED)('does not enrol from a response that is %s', async (manner) => {
    control.wanted.put(acme);
    control.manner = manner;
    const plane = await link.startPlane();
    await link.logged(/can't be trusted/);
    expect(plane.identities.current).toMatchObject({ tenantPlaneId: null, deploymentModel: null, keys: [] });
    await plane.get('/api/tenant-default', { tenant: 'acme' }).expect(404);
    control.manner = 'proper';
    await link.reported(acme.tenant_id);
  });

  it.each(UNTRUSTED)('does not apply a desired state that is %s', async (manner) => {
    control.wanted.put(acme);
    const plane = await link.startPlane();
    await link.reported(acme.tenant_id);
    control.manner = manner;
    control.misbehavesAt = [PLANE_PATHS.desiredState];
    control.wanted.startNewEpoch();
    control.wanted.put({ ...acme, status: 'suspended' });
    await link.logged(/can't be trusted/);
    await rebuffed();
    const { body } = await plane.get('/api/tenant-default', { tenant: 'acme' }).expect(200);
    expect(body.control_plane.reachable).toBe(false);
    expect(control.reported(acme.tenant_id)?.entry_revision).toBe(1);
    control.manner = 'proper';
    await eventually(() => control.reported(acme.tenant_id)?.entry_revision === 2);
    await plane.get('/api/tenant-default', { tenant: 'acme' }).expect(403);
  });

  it('follows no redirect, so that no one else sees the token', async () => {
    const thief = await FakeControlPlane.start();
    control.redirectTarget = `${thief.url}${PLANE_PATHS.enrol}`;
    control.manner = 'redirecting';
    await link.startPlane();
    await rebuffed(2);
    expect([...thief.enrolments, ...thief.refusals]).toEqual([]);
    await thief.stop();
  });

  describe("when its clock differs from the Control Plane's", () => {
    it.each([400, -400])('adjusts to a difference of %i s after one signed refusal', async (ahead) => {
      control.clock.aheadSeconds = ahead;
      control.wanted.put(acme);
      await link.startPlane();
      await link.reported(acme.tenant_id);
      expect(control.refusals).toEqual(['clock_skew']);
      expect(control.enrolments).toHaveLength(1);
    });

    it('adjusts with every signed response, so that no call is refused when the offset changes', async () => {
      control.wanted.put(acme);
      await link.startPlane();
      await link.reported(acme.tenant_id);
      control.clock.aheadSeconds = 4000;
      control.wanted.put({ ...acme, name: 'Renamed' });
      await eventually(() => control.reported(acme.tenant_id)?.entry_revision === 2);
      expect(control.refusals).toEqual([]);
    });

    it.each(['unsigned', 'forged'] as const)('ignores a refusal that is %s', async (manner) => {
      control.clock.aheadSeconds = 400;
      control.manner = manner;
      await link.startPlane();
      await eventually(() => control.refusals.length >= REPEATED, { what: 'the plane was refused again' });
      expect(new Set(control.refusals)).toEqual(new Set(['clock_skew']));
      expect(control.enrolments).toEqual([]);
    });

    it('enrols with a clock that is an hour slow', async () => {
      control.wanted.put(acme);
      await link.startPlane({}, new ShiftedClock(-3600));
      await link.reported(acme.tenant_id);
      expect(control.refusals).toEqual(['clock_skew']);
    });
  });

  describe("if its secret differs from the Control Plane's", () => {
    const OTHER = 'ats_KeyId0000001_00000000000000000000000000000000000000000074LOe8F';
    const PLATFORM = 'the secret of the platform, which is long enough';

    it.each([
      ['the secret of an install bundle', OTHER, /pasted from the newest install bundle/],
      ['the platform secret', PLATFORM, /must be the same as the Control Plane's INTERNAL_SERVICE_SECRET/],
    ])('logs how to fix %s, but no secret or token', async (_, secret, remedy) => {
      const { secret: theirs, token } = control;
      const plane = await link.startPlane({ INTERNAL_SERVICE_SECRET: secret });
      const line = await link.logged(/bad_signature/);
      expect(line).toContain('INTERNAL_SERVICE_SECRET');
      expect(line).toMatch(remedy);
      expect(line).toContain('The token was not consumed');
      const log = link.log.lines.join('\n');
      for (const hidden of [secret, theirs, token]) expect(log).not.toContain(hidden);
      expect(control.enrolments).toEqual([]);
      await plane.get('/health/ready').expect(200);
    });

    it('logs the variable to fix, even when already enrolled', async () => {
      control.wanted.put(acme);
      await link.startPlane();
      await link.reported(acme.tenant_id);
      control.secret = OTHER;
      control.wanted.put({ ...acme, name: 'Renamed' });
      expect(await link.logged(/Contact with the Control Plane failed.*bad_signature/)).toContain(
        'INTERNAL_SERVICE_SECRET',
      );
    });

    it('enrols with the same token once the secrets match', async () => {
      const wrong = await link.startPlane({ INTERNAL_SERVICE_SECRET: OTHER });
      await link.logged(/bad_signature/);
      await link.stopPlane(wrong);
      control.wanted.put(acme);
      await link.startPlane();
      await link.reported(acme.tenant_id);
    });
  });

  it('names the token in the log if the token is the problem', async () => {
    await link.startPlane({ ATLAS_PROVISIONING_TOKEN: 'atp_of-somebody-else' });
    const line = await link.logged(/Enrolment failed/);
    expect(line).toContain('token_revoked');
    expect(line).toContain('ATLAS_PROVISIONING_TOKEN');
    expect(line).not.toContain('atp_of-somebody-else');
  });

  it('logs that a token is missing, and makes no call', async () => {
    const plane = await link.startPlane({ ATLAS_PROVISIONING_TOKEN: undefined });
    await link.logged(/Not enrolled yet: set ATLAS_PROVISIONING_TOKEN/);
    expect([...control.enrolments, ...control.refusals]).toEqual([]);
    await plane.get('/health/ready').expect(200);
  });

  it('makes no call in offline mode', async () => {
    const plane = await link.startPlane({ ATLASAI_OFFLINE_MODE: '1' });
    await link.logged(/Offline mode/);
    await plane.get('/health/ready').expect(200);
    expect([...control.enrolments, ...control.pulls, ...control.refusals]).toEqual([]);
  });
});
