import { PLANE_PATHS, type DesiredTenant } from '@atlas/plane-contract';
import { eventually } from '@atlas/testing';
import { FakeControlPlane, ShiftedClock } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { tenantEntry } from '../tenant-plane.fixture';

const UNTRUSTED = ['unsigned', 'forged', 'changed'] as const;
const REPEATED = 3;

/** How it deals with a Control Plane, or somebody in between, that does not keep to the protocol. */
describe('what the link believes', () => {
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
    eventually(() => control.rebuffs.length >= times, { what: `it was rebuffed ${times} times` });

  it.each(UNTRUSTED)('enrols by no answer that is %s', async (manner) => {
    control.wanted.put(acme);
    control.manner = manner;
    const plane = await link.startPlane();
    await link.logged(/can't be trusted/);
    expect(plane.identities.current).toMatchObject({ tenantPlaneId: null, deploymentModel: null, keys: [] });
    await plane.get('/api/tenant-default', { tenant: 'acme' }).expect(404);
    control.manner = 'proper';
    await link.reported(acme.tenant_id);
  });

  it.each(UNTRUSTED)('applies no desired state that is %s', async (manner) => {
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

  it('follows no redirection, so that nobody else is shown the token', async () => {
    const thief = await FakeControlPlane.start();
    control.redirectTarget = `${thief.url}${PLANE_PATHS.enrol}`;
    control.manner = 'redirecting';
    await link.startPlane();
    await rebuffed(2);
    expect([...thief.enrolments, ...thief.refusals]).toEqual([]);
    await thief.stop();
  });

  describe('of the time', () => {
    it.each([400, -400])(
      "is %i s ahead, after one signed refusal, and signs by the other's clock",
      async (ahead) => {
        control.clock.aheadSeconds = ahead;
        control.wanted.put(acme);
        await link.startPlane();
        await link.reported(acme.tenant_id);
        expect(control.refusals).toEqual(['clock_skew']);
        expect(control.enrolments).toHaveLength(1);
      },
    );

    it('is learned from every signed answer, so that no call is refused when the difference changes', async () => {
      control.wanted.put(acme);
      await link.startPlane();
      await link.reported(acme.tenant_id);
      control.clock.aheadSeconds = 4000;
      control.wanted.put({ ...acme, name: 'Renamed' });
      await eventually(() => control.reported(acme.tenant_id)?.entry_revision === 2);
      expect(control.refusals).toEqual([]);
    });

    it.each(['unsigned', 'forged'] as const)('is learned from no refusal that is %s', async (manner) => {
      control.clock.aheadSeconds = 400;
      control.manner = manner;
      await link.startPlane();
      await eventually(() => control.refusals.length >= REPEATED, { what: 'it was refused again' });
      expect(new Set(control.refusals)).toEqual(new Set(['clock_skew']));
      expect(control.enrolments).toEqual([]);
    });

    it('does not depend on the clock of this machine being right', async () => {
      control.wanted.put(acme);
      await link.startPlane({}, new ShiftedClock(-3600));
      await link.reported(acme.tenant_id);
      expect(control.refusals).toEqual(['clock_skew']);
    });
  });

  describe('when the secrets differ', () => {
    const OTHER = 'ats_KeyId0000001_00000000000000000000000000000000000000000074LOe8F';
    const PLATFORM = 'the secret of the platform, which is long enough';

    it.each([
      ['of an install bundle', OTHER, /pasted from the same install bundle/],
      ['of the platform', PLATFORM, /must be the same as the Control Plane's INTERNAL_SERVICE_SECRET/],
    ])('names the variable %s, and neither a secret nor the token', async (_, secret, remedy) => {
      const { secret: theirs, token } = control;
      const plane = await link.startPlane({ INTERNAL_SERVICE_SECRET: secret });
      const line = await link.logged(/bad_signature/);
      expect(line).toContain('INTERNAL_SERVICE_SECRET');
      expect(line).toMatch(remedy);
      expect(line).toContain('The token was not used up');
      const log = link.log.lines.join('\n');
      for (const hidden of [secret, theirs, token]) expect(log).not.toContain(hidden);
      expect(control.enrolments).toEqual([]);
      await plane.get('/health/ready').expect(200);
    });

    it('names the variable after enrolment, too', async () => {
      control.wanted.put(acme);
      await link.startPlane();
      await link.reported(acme.tenant_id);
      control.secret = OTHER;
      control.wanted.put({ ...acme, name: 'Renamed' });
      expect(await link.logged(/No word.*bad_signature/)).toContain('INTERNAL_SERVICE_SECRET');
    });

    it('enrols with the same token once they are equal', async () => {
      const wrong = await link.startPlane({ INTERNAL_SERVICE_SECRET: OTHER });
      await link.logged(/bad_signature/);
      await link.stopPlane(wrong);
      control.wanted.put(acme);
      await link.startPlane();
      await link.reported(acme.tenant_id);
    });
  });

  it('names the token where that is what is wrong', async () => {
    await link.startPlane({ ATLAS_PROVISIONING_TOKEN: 'atp_of-somebody-else' });
    const line = await link.logged(/Enrolment failed/);
    expect(line).toContain('token_revoked');
    expect(line).toContain('ATLAS_PROVISIONING_TOKEN');
    expect(line).not.toContain('atp_of-somebody-else');
  });

  it('asks for a token where there is none, and calls nobody', async () => {
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
