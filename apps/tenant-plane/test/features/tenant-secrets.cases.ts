import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { DomainError, Secret } from '@atlas/platform';
import { mintCredential } from '@atlas/service-auth';
import { EVERY_DATABASE } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { PlaneHealth } from '../../src/reporting/plane-health';
import { TenantKey } from '../../src/tenant-secrets/tenant-key.entity';
import { TenantKeys } from '../../src/tenant-secrets/tenant-keys';
import { type SecretPlace, TenantSecrets } from '../../src/tenant-secrets/tenant-secrets';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type Env, TestTenantPlane } from '../tenant-plane.fixture';

const PLACE: SecretPlace = { table: 'notes', column: 'token_sealed', rowId: 'one' };
const CANARY = 'canary-c0ffee-5f0d8b1e7a2946c3';

/**
 * To see it fail: in `TenantSecrets`, leave out the tenant's ID from the place; or in `wrappingKeysFor`, drop
 * the keys that cannot be decrypted.
 */
describe.each(EVERY_DATABASE)("a tenant's secrets on %s", (driver) => {
  const first = mintCredential('ats').value.reveal();
  const log: unknown[] = [];
  const write = (...line: unknown[]): unknown => log.push(...line);
  const logger = { log: write, warn: write, error: write, debug: write, verbose: write };
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let count = 0;

  const environment = (secret?: string, previous?: string): Env => ({
    INTERNAL_SERVICE_SECRET: secret,
    INTERNAL_SERVICE_SECRET_PREVIOUS: previous,
  });
  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { env: environment(first), logger });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    tenant = await plane.tenant(`keeps-${(count += 1)}`);
  });

  const secrets = (): TenantSecrets => plane.app.get(TenantSecrets);
  const seal = (text: string, place = PLACE): Promise<string> =>
    plane.tenants.write(tenant.tenant_id, (scope) => secrets().seal(scope, place, new Secret(text)));
  const open = async (sealed: string, place = PLACE, { tenant_id: id } = tenant): Promise<string> =>
    (await plane.tenants.read(id, (scope) => secrets().open(scope, place, sealed))).reveal();
  const keys = (): Promise<TenantKey[]> => plane.rows(tenant, TenantKey);
  const restart = async (env: Env): Promise<void> => {
    await plane.app.close();
    plane = await TestTenantPlane.open(plane.database, { env, logger });
  };
  const unreadable = { code: 'secret_unreadable', kind: 'conflict' };
  const health = async () =>
    (await plane.app.get(PlaneHealth).examine()).checks.find(({ name }) => name === 'secrets');

  it('open where they were sealed, and have one key', async () => {
    const sealed = [await seal('one'), await seal('other')];
    expect(await Promise.all(sealed.map((one) => open(one)))).toEqual(['one', 'other']);
    expect(await keys()).toEqual([expect.objectContaining({ number: 1, replacedAt: null })]);
  });

  it.each(['table', 'column', 'rowId'] as const)('do not open with another %s', async (part) => {
    const sealed = await seal('text');
    await expect(open(sealed, { ...PLACE, [part]: 'other' })).rejects.toMatchObject(unreadable);
  });

  it('do not open for another tenant, even with the same key', async () => {
    const sealed = await seal('text');
    const other = await plane.tenant(`keeps-other-${count}`);
    await expect(open(sealed, PLACE, other)).rejects.toMatchObject(unreadable);
    const [key] = await keys();
    const plain = plane.app.get(TenantKeys).open(key as TenantKey) as Secret;
    const name = { tenantId: other.tenant_id, number: 1 };
    const stolen = { ...(key as TenantKey), ...name, sealedKey: plane.app.get(TenantKeys).seal(plain, name) };
    await plane.tenants.write(other.tenant_id, (scope) => scope.insert(TenantKey, stolen));
    await expect(open(sealed, PLACE, other)).rejects.toMatchObject(unreadable);
    // The row of the key itself cannot be moved to another tenant either.
    await plane.tenants.write(other.tenant_id, (scope) =>
      scope.update(TenantKey, {}, { sealedKey: (key as TenantKey).sealedKey }),
    );
    const copied = (await plane.rows(other, TenantKey))[0] as TenantKey;
    expect(plane.app.get(TenantKeys).open(copied)).toBeNull();
  });

  it('do not open if they were altered', async () => {
    const parts = (await seal('text')).split('.');
    const altered = parts.with(3, Buffer.from('TEXT').toString('base64url')).join('.');
    await expect(open(altered)).rejects.toMatchObject(unreadable);
    await expect(open('nonsense')).rejects.toMatchObject(unreadable);
  });

  it.each(['committed', 'rolled back'] as const)(
    'share one key after two first uses at once, of which the first is %s',
    async (outcome) => {
      const pause = Pause.behind(secrets(), 'seal');
      const one = plane.tenants.write(tenant.tenant_id, async (scope) => {
        const sealed = await secrets().seal(scope, PLACE, 'one');
        if (outcome === 'rolled back') throw new Error(outcome);
        return sealed;
      });
      await pause.reached;
      const other = Promise.resolve().then(() => seal('other'));
      await endedOrWaiting(plane, other);
      pause.release();
      if (outcome === 'committed') expect(await open(await one)).toBe('one');
      else await expect(one).rejects.toThrow(outcome);
      expect(await open(await other)).toBe('other');
      expect(await keys()).toHaveLength(1);
    },
  );

  it('are not in a dump, in a log or in an error', async () => {
    const sealed = await seal(CANARY);
    const failed: unknown = await open(sealed, { ...PLACE, rowId: 'two' }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(DomainError);
    const [key] = await keys();
    const { app, database, identities } = plane;
    const keyText =
      app
        .get(TenantKeys)
        .open(key as TenantKey)
        ?.reveal() ?? '';
    expect(keyText).toHaveLength(44);
    const { entityMetadatas } = app.get(Database).dataSource;
    const rows = entityMetadatas.map(({ tableName }) =>
      app.get(Database).writeAs(tenant.tenant_id, (manager) => manager.query(`select * from ${tableName}`)),
    );
    const dump = JSON.stringify(await Promise.all(rows));
    expect(dump).toContain((key as TenantKey).sealedKey);
    const file = driver === 'sqlite' ? readFileSync(database.url, 'latin1') : '';
    const told = inspect([log, failed, identities.current], { depth: 20 });
    for (const secret of [CANARY, keyText, first])
      for (const text of [dump, file, told]) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(Buffer.from(secret).toString('base64url').slice(0, 40));
      }
  });

  it('survive a change of the service secret if the plane starts once with both', async () => {
    const sealed = await seal('kept');
    const next = mintCredential('ats').value.reveal();
    await restart(environment(next, first));
    expect(await open(sealed)).toBe('kept');
    for (const secret of [next, first]) {
      await restart(environment(secret));
      expect([await open(sealed), await health()]).toEqual(['kept', { name: 'secrets', status: 'ok' }]);
    }
  });

  it('survive if a plane without a service secret gets one, which then protects them', async () => {
    await plane.close();
    plane = await TestTenantPlane.boot(driver, { logger });
    tenant = await plane.tenant('keeps-offline');
    const sealed = await seal('kept');
    await restart(environment());
    expect(await open(sealed)).toBe('kept');
    await restart(environment(first));
    expect(await open(sealed)).toBe('kept');
    // The instance ID is in the same row, so it must not decrypt anything from now on.
    await restart(environment());
    await expect(open(sealed)).rejects.toMatchObject(unreadable);
    await restart(environment(first));
    expect(await open(sealed)).toBe('kept');
  });

  describe('if the plane has lost its service secret', () => {
    let before: string;
    beforeEach(async () => {
      before = await seal('before');
      await restart(environment(mintCredential('ats').value.reveal()));
    });
    afterEach(() => restart(environment(first)));

    it('are refused with an error that says what to do, and the plane reports it', async () => {
      await expect(open(before)).rejects.toMatchObject({
        ...unreadable,
        message: expect.stringMatching(/INTERNAL_SERVICE_SECRET_PREVIOUS, or enter the stored secret again/),
      });
      expect(await health()).toMatchObject({
        status: 'failing',
        detail: expect.stringMatching(/INTERNAL_SERVICE_SECRET_PREVIOUS.* enter its secrets again$/),
      });
    });

    it('can be entered again, and the earlier ones open again with the previous secret', async () => {
      const again = await seal('again');
      expect(await open(again)).toBe('again');
      await expect(open(before)).rejects.toMatchObject(unreadable);
      const numbers = (await keys()).map(({ number, replacedAt }) => [number, replacedAt !== null]);
      expect(numbers.sort()).toEqual([
        [1, true],
        [2, false],
      ]);
      expect(log.join()).toMatch(/Key 2 of tenant .* INTERNAL_SERVICE_SECRET_PREVIOUS/);
      const { INTERNAL_SERVICE_SECRET: lost } = plane.app.get(TenantPlaneConfig);
      await restart(environment(first, lost?.reveal()));
      expect([await open(before), await open(again)]).toEqual(['before', 'again']);
    });

    it('leave other tenants and their first secrets alone', async () => {
      tenant = await plane.tenant(`keeps-new-${count}`);
      expect(await open(await seal('new'))).toBe('new');
    });
  });
});
