import { type DesiredTenant } from '@atlas/plane-contract';
import { keyIdOf, mintCredential } from '@atlas/service-auth';
import { eventually } from '@atlas/testing';
import { type FakeControlPlane } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { receivedBy } from '../received.fixture';
import { type TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';

const newSecret = (): string => mintCredential('ats').value.reveal();

/** Only on SQLite, because rotation does not depend on the database. */
describe('the secret of a linked tenant plane', () => {
  let link: Link;
  let control: FakeControlPlane;
  let acme: DesiredTenant;
  let plane: TestTenantPlane;

  beforeEach(async () => {
    link = await Link.create('sqlite');
    ({ control } = link);
    acme = tenantEntry('acme');
    control.wanted.put(acme);
    plane = await link.startPlane();
    await link.reported(acme.tenant_id);
  });
  afterEach(() => link.close());

  /** Waits for a call signed with `secret`, after the first `from` calls. */
  const signedWith = (secret: string, from = control.usedKeys.length): Promise<boolean> =>
    eventually(() => control.usedKeys.slice(from).includes(keyIdOf(secret)), {
      what: 'the plane signs with it',
    });
  const change = async (): Promise<void> => {
    const entry = (control.reported(acme.tenant_id)?.entry_revision ?? 0) + 1;
    control.wanted.put({ ...acme, name: `Renamed ${entry}` });
    await eventually(() => (control.reported(acme.tenant_id)?.entry_revision ?? 0) >= entry);
  };
  const handOver = async (): Promise<string> => {
    const next = (control.nextSecret = newSecret());
    control.wanted.touch();
    await signedWith(next);
    return next;
  };
  /** Completes the rotation, so that the previous secret is no longer accepted. */
  const finish = (): void => {
    control.secret = control.nextSecret ?? '';
    control.nextSecret = null;
  };
  const restart = async (env = {}): Promise<void> => {
    await link.stopPlane(plane);
    plane = await link.startPlane(env);
  };

  it('is replaced without a refused call, even if the environment still has the old secret', async () => {
    const { env } = control;
    await handOver();
    finish();
    await change();
    await restart(env);
    await change();
    expect(control.refusals).toEqual([]);
    expect(control.enrolments).toHaveLength(1);
  });

  it('can be replaced several times', async () => {
    const { env } = control;
    for (let round = 0; round < 3; round += 1) {
      await handOver();
      finish();
    }
    await restart(env);
    await change();
    expect(control.refusals).toEqual([]);
  });

  it('stays in use until the next secret is stored, even if storing fails once', async () => {
    const { identities } = plane;
    const keepSecrets = identities.keepSecrets.bind(identities);
    let failures = 0;
    jest.spyOn(identities, 'keepSecrets').mockImplementation(async (...kept) => {
      if (failures > 0) return keepSecrets(...kept);
      failures += 1;
      throw new Error('disk is full');
    });
    await handOver();
    expect(failures).toBe(1);
    expect(control.refusals).toEqual([]);
    expect(identities.current.revision).toBe(control.wanted.revision);
  });

  it('is stored sealed, and never logged', async () => {
    const next = await handOver();
    const { serviceSecretsSealed, revision } = plane.identities.current;
    expect(revision).toBe(control.wanted.revision);
    expect(serviceSecretsSealed).toMatch(/^s1\./);
    for (const text of [JSON.stringify(plane.identities.current), link.log.lines.join('\n')])
      for (const secret of [next, control.secret]) expect(text).not.toContain(secret.slice(17));
  });

  it('reverts to the previous secret if the first or a later rotation is rolled back', async () => {
    await handOver();
    control.nextSecret = null;
    await change();
    expect(new Set(control.refusals)).toEqual(new Set(['bad_signature']));
    // The refused secret is tried once, not on every call.
    const refusals = control.refusals.length;
    await change();
    expect(control.refusals).toHaveLength(refusals);

    await handOver();
    finish();
    await handOver();
    control.nextSecret = null;
    await change();
  });

  it('is kept if it was the last one accepted, however many rotations are rolled back', async () => {
    await handOver();
    finish();
    for (let round = 0; round < 3; round += 1) {
      await handOver();
      control.nextSecret = null;
      await change();
    }
  });

  it('is overridden by a new secret in the environment', async () => {
    const before = control.env;
    await handOver();
    const given = (control.secret = newSecret());
    control.nextSecret = null;
    await restart({ ...before, INTERNAL_SERVICE_SECRET: given, ATLAS_PROVISIONING_TOKEN: undefined });
    await signedWith(given, 0);
    await change();
    expect(control.enrolments).toHaveLength(1);
  });

  describe('if compromised', () => {
    it('is replaced when the same plane re-enrols with a new bundle from the environment', async () => {
      await handOver();
      const { instanceId, publicKey } = plane.identities.current;
      control.secret = newSecret();
      control.nextSecret = null;
      control.token = mintCredential('atp').value.reveal();
      control.wanted.touch();
      await link.logged(/refused our signature.*newest/);
      await restart();
      await eventually(() => control.enrolments.length === 2, { what: 'the plane has enrolled again' });
      await change();
      const enrolled = plane.identities.current;
      expect(enrolled).toMatchObject({
        instanceId,
        tenantPlaneId: control.planeId,
        serviceSecretsSealed: null,
        enrolledKeyId: keyIdOf(control.secret),
      });
      // From now on, data for the plane is encrypted to its new public key.
      expect(enrolled.publicKey).not.toEqual(publicKey);
      expect(control.enrolments[1]?.public_key).toEqual(enrolled.publicKey);
      expect(await receivedBy(plane, enrolled.publicKey)).toBe('rows');

      await restart();
      await change();
      expect(control.enrolments).toHaveLength(2);
    });

    it("is not replaced with the secret in another plane's bundle", async () => {
      const before = control.env;
      const own = { ...plane.identities.current };
      const [planeId, secret] = [control.planeId, control.secret];
      control.planeId = '01900000-0000-7000-8000-000000000000';
      control.nextSecret = newSecret();
      control.token = mintCredential('atp').value.reveal();
      const mistaken = {
        INTERNAL_SERVICE_SECRET: control.nextSecret,
        ATLAS_PROVISIONING_TOKEN: control.token,
      };
      await restart(mistaken);
      const line = await link.logged(/for a different tenant plane/);
      expect(line).not.toContain(control.nextSecret);
      expect(control.enrolments).toHaveLength(1);
      const { tenantPlaneId, publicKey } = plane.identities.current;
      expect([tenantPlaneId, publicKey]).toEqual([planeId, own.publicKey]);

      [control.planeId, control.secret, control.nextSecret] = [planeId, secret, null];
      await restart(before);
      await change();
    });
  });
});

/** Only on SQLite, because rotation does not depend on the database. */
describe('the secret that a cell shares with the Control Plane', () => {
  const [before, after] = ['the secret of all cells until now', 'the secret of all cells from now on'];
  let link: Link;
  beforeEach(async () => {
    link = await Link.create('sqlite');
    link.control.secret = before;
  });
  afterEach(() => link.close());

  it('can be changed on one side at a time if the cell also has the previous secret', async () => {
    const { control } = link;
    const changed = { ...control.env, INTERNAL_SERVICE_SECRET: after };
    const start = async (env = {}): Promise<TestTenantPlane> => {
      const pulls = control.pulls.length;
      const plane = await link.startPlane(env);
      await eventually(() => control.pulls.length > pulls, { what: 'the plane pulls' });
      return plane;
    };
    const first = await start();
    const { publicKey } = first.identities.current;
    await link.stopPlane(first);
    // The Control Plane does not know the new secret yet.
    const second = await start({ ...changed, INTERNAL_SERVICE_SECRET_PREVIOUS: before });
    expect(await receivedBy(second, publicKey)).toBe('rows');
    await link.stopPlane(second);
    control.secret = after;
    const third = await start(changed);
    expect(await receivedBy(third, publicKey)).toBe('rows');
    expect(control.enrolments).toHaveLength(1);
  });
});
