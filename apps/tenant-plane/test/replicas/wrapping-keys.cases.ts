import { mintCredential } from '@atlas/service-auth';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { PlaneHealth } from '../../src/reporting/plane-health';
import { TenantSecrets } from '../../src/tenant-secrets/tenant-secrets';
import { type FakeControlPlane } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { type Env, type TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';

const PLACE = { table: 'notes', column: 'token_sealed', rowId: 'one' };
const newSecret = (): string => mintCredential('ats').value.reveal();

describe.each(EVERY_DATABASE)('the wrapping keys of a linked tenant plane on %s', (driver) => {
  const { tenant_id: tenantId, ...entry } = tenantEntry('acme');
  let link: Link;
  let control: FakeControlPlane;
  let plane: TestTenantPlane;
  let first: string;
  let sealed: string;

  beforeEach(async () => {
    link = await Link.create(driver);
    ({ control } = link);
    first = control.secret;
    control.wanted.put({ ...entry, tenant_id: tenantId });
    plane = await link.startPlane();
    await link.reported(tenantId);
    sealed = await seal();
  });
  afterEach(() => link.close());

  const environment = (secret: string, previous?: string): Env => ({
    INTERNAL_SERVICE_SECRET: secret,
    INTERNAL_SERVICE_SECRET_PREVIOUS: previous,
    ATLAS_PROVISIONING_TOKEN: undefined,
  });
  const restart = async (env: Env): Promise<void> => {
    await link.stopPlane(plane);
    plane = await link.startPlane(env);
  };
  const rotate = async (): Promise<string> => {
    const next = (control.nextSecret = newSecret());
    const { wrappingKeys } = plane.identities.current;
    control.wanted.touch();
    await eventually(() => plane.identities.current.wrappingKeys !== wrappingKeys, {
      what: 'the plane has copied its keys',
    });
    control.secret = next;
    control.nextSecret = null;
    return next;
  };
  const seal = (by = plane): Promise<string> =>
    by.tenants.write(tenantId, (scope) => by.app.get(TenantSecrets).seal(scope, PLACE, 'text'));
  const open = async (by = plane, given = sealed): Promise<string> => {
    const read = by.tenants.read(tenantId, (scope) => by.app.get(TenantSecrets).open(scope, PLACE, given));
    return (await read.catch(({ code }: { code: string }) => ({ reveal: () => code }))).reveal();
  };
  const health = async () =>
    (await plane.app.get(PlaneHealth).examine()).checks.find(({ name }) => name === 'secrets')?.status;

  it('keep secrets readable with only the newest service secret, and after a rollback', async () => {
    await rotate();
    const newest = await rotate();
    for (const secret of [newest, first, newest]) {
      await restart(environment(secret));
      expect([await open(), await health()]).toEqual(['text', 'ok']);
    }
    expect(plane.identities.current.wrappingKeys).toHaveLength(1);
  });

  describe('after a new install bundle', () => {
    /** Enrols again, and returns the new environment, which needs no token any more. */
    const enrolAgain = async (previous?: string): Promise<Env> => {
      const { enrolledKeyId } = plane.identities.current;
      control.secret = newSecret();
      control.token = mintCredential('atp').value.reveal();
      await restart({ ...control.env, INTERNAL_SERVICE_SECRET_PREVIOUS: previous });
      await eventually(() => plane.identities.current.enrolledKeyId !== enrolledKeyId, {
        what: 'the plane has enrolled again',
      });
      return environment(control.secret);
    };

    it('keep secrets readable if the plane also had its previous secret', async () => {
      const { publicKey } = plane.identities.current;
      const env = await enrolAgain(first);
      expect(plane.identities.current.publicKey).not.toEqual(publicKey);
      await restart(env);
      expect([await open(), await health()]).toEqual(['text', 'ok']);
    });

    it('are reported as lost if it had not, until it starts with its previous secret', async () => {
      const env = await enrolAgain();
      expect([await open(), await health()]).toEqual(['secret_unreadable', 'failing']);
      await eventually(() => control.reports.at(-1)?.health?.checks?.some(isLost), {
        what: 'the plane reports it',
      });
      await restart({ ...env, INTERNAL_SERVICE_SECRET_PREVIOUS: first });
      expect([await open(), await health()]).toEqual(['text', 'ok']);
      await restart(env);
      expect([await open(), await health()]).toEqual(['text', 'ok']);
    });

    it('are not given to a secret with which the plane has yet to enrol', async () => {
      const { wrappingKeys } = plane.identities.current;
      await control.stop();
      await restart({ ...control.env, ...environment(newSecret(), first), ATLAS_PROVISIONING_TOKEN: 'x' });
      expect([await open(), plane.identities.current.wrappingKeys]).toEqual(['text', wrappingKeys]);
    });
  });

  it('are created by a plane whose row is from a version without them', async () => {
    await plane.tenants.write(tenantId, (scope) => scope.manager.query('delete from tenant_keys'));
    await plane.identities.update({ wrappingKeys: [] });
    if (driver === 'postgres') {
      // Two replicas start at once.
      const [one, other] = await Promise.all([1, 2].map(() => link.startPlane(environment(first))));
      const given = await seal(one);
      expect(await open(other, given)).toBe('text');
      await plane.identities.refresh();
      expect(plane.identities.current.wrappingKeys).toHaveLength(1);
    } else {
      await restart(environment(first));
      expect(await open(plane, await seal())).toBe('text');
    }
  });
});

function isLost({ name, status }: { name: string; status: string }): boolean {
  return name === 'secrets' && status === 'failing';
}
