import { Secret } from '@atlas/platform';
import { keyIdOf, mintCredential } from '@atlas/service-auth';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { PlaneHealth } from '../../src/reporting/plane-health';
import { type FakeControlPlane } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { receivedBy } from '../received.fixture';
import { type Env, type TestTenantPlane } from '../tenant-plane.fixture';

const newSecret = (): string => mintCredential('ats').value.reveal();

describe.each(EVERY_DATABASE)('the private key of a linked tenant plane on %s', (driver) => {
  let link: Link;
  let control: FakeControlPlane;
  let plane: TestTenantPlane;
  let first: string;
  let publicKey: Readonly<Record<string, unknown>>;

  beforeEach(async () => {
    link = await Link.create(driver);
    ({ control } = link);
    first = control.secret;
    plane = await link.startPlane();
    await eventually(() => control.pulls.length > 0, { what: 'the plane pulls' });
    ({ publicKey } = plane.identities.current);
  });
  afterEach(() => link.close());

  /** The environment of a plane that has enrolled and therefore needs no token. */
  const environment = (secret: string, previous?: string): Env => ({
    INTERNAL_SERVICE_SECRET: secret,
    INTERNAL_SERVICE_SECRET_PREVIOUS: previous,
    ATLAS_PROVISIONING_TOKEN: undefined,
  });
  const restart = async (env: Env): Promise<void> => {
    await link.stopPlane(plane);
    plane = await link.startPlane(env);
  };
  /** Hands over a new secret, and waits until a call is signed with it. */
  const handOver = async (): Promise<string> => {
    const next = (control.nextSecret = newSecret());
    control.wanted.touch();
    await eventually(() => control.usedKeys.includes(keyIdOf(next)), { what: 'the plane signs with it' });
    return next;
  };
  const rotate = async (): Promise<string> => {
    const next = (control.secret = await handOver());
    control.nextSecret = null;
    return next;
  };
  /** Decrypts what was encrypted to the public key from the enrolment. */
  const opens = (by = plane): Promise<string> => receivedBy(by, publicKey);
  const keyHealth = async () =>
    (await plane.app.get(PlaneHealth).examine()).checks.find(({ name }) => name === 'key');
  /** Removes the key's copies, as in a database from an older version or from before the rotation. */
  const withoutCopies = (changes = {}) => plane.identities.update({ privateKeyCopies: [], ...changes });

  it('can be decrypted with only the newest secret, whichever secrets came before', async () => {
    await rotate();
    const newest = await rotate();
    await restart(environment(newest));
    expect(await opens()).toBe('rows');
    // Roll back to the first environment after a later one was in use.
    await restart(environment(first));
    expect(await opens()).toBe('rows');
    await restart(environment(newest));
    await restart(environment(await rotate()));
    expect(await opens()).toBe('rows');
  });

  it('can be decrypted after a rotation is rolled back, and after the next rotation', async () => {
    await handOver();
    control.nextSecret = null;
    await restart(environment(first));
    expect(await opens()).toBe('rows');
    await restart(environment(await rotate()));
    expect(await opens()).toBe('rows');
  });

  it('can be decrypted with the next secret, even if the write of that secret seemed to fail', async () => {
    const { identities } = plane;
    const keepSecrets = identities.keepSecrets.bind(identities);
    let lost = 0;
    jest.spyOn(identities, 'keepSecrets').mockImplementation(async (...kept) => {
      const copy = { ...identities.current };
      await keepSecrets(...kept);
      if (lost > 0) return;
      lost += 1;
      Object.assign(identities.current, copy);
      throw new Error('the connection broke inside COMMIT');
    });
    const next = await rotate();
    expect(lost).toBe(1);
    await restart(environment(next));
    expect(await opens()).toBe('rows');
  });

  it('can be decrypted with a next secret stored by a version without key copies', async () => {
    const next = await rotate();
    await withoutCopies();
    await restart(environment(first));
    await restart(environment(next));
    expect(await opens()).toBe('rows');
  });

  it('makes health checks fail if it cannot be decrypted, until its original secret is set', async () => {
    expect(await keyHealth()).toEqual({ name: 'key', status: 'ok' });
    const next = await rotate();
    await withoutCopies();
    await restart(environment(next));
    expect(await keyHealth()).toMatchObject({
      status: 'failing',
      detail: expect.stringContaining('PREVIOUS'),
    });
    await link.logged(/cannot decrypt its private key/);
    await expect(plane.identities.privateKey()).rejects.toThrow(/cannot decrypt its private key/);
    await eventually(() => control.reports.at(-1)?.health?.status === 'failing', {
      what: 'the plane reports its failing health',
    });

    await restart(environment(next, first));
    expect(await opens()).toBe('rows');
    await restart(environment(next));
    expect([await opens(), (await keyHealth())?.status]).toEqual(['rows', 'ok']);
  });

  it('is replaced by enrolling with a new bundle if it cannot be decrypted', async () => {
    const next = await rotate();
    await withoutCopies({ serviceSecretsSealed: null });
    await restart(environment(next));
    expect((await keyHealth())?.status).toBe('failing');
    control.secret = newSecret();
    control.token = mintCredential('atp').value.reveal();
    // A leftover previous secret does not give the new secret access to the old key.
    await restart({ ...control.env, INTERNAL_SERVICE_SECRET_PREVIOUS: first });
    await eventually(() => control.enrolments.length === 2, { what: 'the plane has enrolled again' });
    const renewed = control.enrolments[1]?.public_key as Record<string, unknown>;
    expect(renewed).not.toEqual(publicKey);
    await eventually(() => plane.identities.current.enrolledKeyId === keyIdOf(control.secret));
    expect(await receivedBy(plane, renewed)).toBe('rows');
    expect((await keyHealth())?.status).toBe('ok');
  });

  it('is not mistaken for the previous key after a version without key copies replaced it', async () => {
    const next = await rotate();
    await plane.identities.update({ publicKey: { ...publicKey, x: 'of-another-pair' } });
    await restart(environment(next));
    expect((await keyHealth())?.status).toBe('failing');
  });

  if (driver === 'postgres')
    describe('when a second replica has a different secret', () => {
      it('can be decrypted by old and new replicas before and after a rotation', async () => {
        const next = await rotate();
        const replica = await link.startPlane(environment(next));
        for (const one of [plane, replica]) expect(await opens(one)).toBe('rows');
        const newest = await rotate();
        for (const one of [plane, replica]) expect(await opens(one)).toBe('rows');
        for (const secret of [newest, first, next])
          expect(await opens(await link.startPlane(environment(secret)))).toBe('rows');
      });

      it('is sealed under two new secrets that the replicas store at the same time', async () => {
        const replica = await link.startPlane(environment(first));
        const learned = [plane, replica].map((one) => ({ one, secret: new Secret(newSecret()) }));
        await Promise.all(
          learned.map(({ one, secret }) => one.identities.keepSecrets('s1', [secret, new Secret(first)])),
        );
        for (const { secret } of learned)
          expect(await opens(await link.startPlane(environment(secret.reveal())))).toBe('rows');
      });
    });
});
