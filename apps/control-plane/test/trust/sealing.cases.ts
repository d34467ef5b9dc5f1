import { createHash } from 'node:crypto';
import { Database, SecretBox } from '@atlas/persistence';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { Tenant } from '../../src/registry/tenant.entity';
import { Transfer } from '../../src/registry/transfer.entity';
import { Resealer } from '../../src/sealing/resealer';
import { SEALED, SEALED_COLUMNS, placeIn } from '../../src/sealing/sealed-columns';
import { type Env, SEALING_KEYS, TestControlPlane, provisionBody } from '../control-plane.fixture';

const bytesOf = (id: string): Buffer => createHash('sha256').update(id).digest();
const boxOf = (id: string): SecretBox => new SecretBox([{ id, key: bytesOf(id) }]);
const key = (id: string): string => `${id}:${bytesOf(id).toString('base64')}`;
const MADE = {
  endpoint_url: 'https://acme.example.com',
  db_url: 'postgres://acme:secret@db.example.com/acme',
};
const REPEATED = { headers: { 'idempotency-key': 'the-same' } };

describe.each(EVERY_DATABASE)('sealed values on %s', (driver) => {
  let plane: TestControlPlane;
  let tenantId: string;
  let planeId: string;
  const body = provisionBody({ deployment_model: 'on_prem' });
  let answered: { install: { env: Record<string, string> } };

  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver, { INFRASTRUCTURE_DRIVER: 'manual' });
    const { tenant } = (await plane.provision({ deployment_model: 'dedicated' }).expect(202)).body;
    tenantId = tenant.id;
    const { body: made } = await plane.put(`/api/tenants/${tenantId}/infrastructure`, MADE).expect(200);
    planeId = made.tenant_plane_id;
    answered = (await plane.post('/api/tenants/provision', body, REPEATED).expect(202)).body;
  });
  afterAll(() => plane.close());

  /** Restarts the Control Plane with these sealing keys. */
  const restart = async (keys: string): Promise<void> => {
    const { apiKey, session, database, clock } = plane;
    await plane.app.close();
    const env: Env = { INFRASTRUCTURE_DRIVER: 'manual', CONTROL_PLANE_SEALING_KEYS: keys };
    plane = await TestControlPlane.open(database, clock, env);
    Object.assign(plane, { apiKey, session });
  };
  const keysInUse = async (): Promise<Record<string, unknown>[]> =>
    (await plane.get('/api/sealing-keys').expect(200)).body.items;
  const valuesOf = async (id: string): Promise<unknown> =>
    (await keysInUse()).find((one) => one['id'] === id)?.['values'] ?? 0;
  const dbUrl = async (): Promise<unknown> =>
    (await plane.get(`/api/tenants/${tenantId}/db-url`)).body.db_url;

  it('are stored only in the columns that SEALED_COLUMNS lists', () => {
    const { entityMetadatas } = plane.app.get(Database).dataSource;
    const columns = entityMetadatas.flatMap(({ tableName, columns: all }) =>
      all
        .filter(({ databaseName }) => databaseName.endsWith('_sealed'))
        .map((one) => [tableName, one.databaseName]),
    );
    const named = SEALED_COLUMNS.map(({ table, column }) => [table, column]);
    expect(named.sort()).toEqual(columns.sort());
  });

  it('are resealed with the first key automatically, and keep their content', async () => {
    const place = placeIn(SEALED.transferKey, tenantId, tenantId);
    const backup = { id: tenantId, tenantId, sourcePlaneId: planeId, targetPlaneId: planeId };
    await plane.insert(Transfer, {
      ...backup,
      purpose: 'backup',
      recipient: {},
      parts: 0,
      lastChanges: 0,
      imported: 0,
      generation: 1,
      createdAt: plane.clock.now(),
      endedAt: plane.clock.now(),
      keySealed: plane.app.get(SecretBox).seal('of a backup', place),
    });
    const count = Number(await valuesOf('k1'));
    expect(count).toBeGreaterThan(7);
    await restart(`${key('k2')},${SEALING_KEYS}`);
    await eventually(async () => (await valuesOf('k1')) === 0, { what: 'nothing is sealed with k1' });
    expect(await keysInUse()).toEqual([
      { id: 'k2', seals: true, is_known: true, values: count },
      { id: 'k1', seals: false, is_known: true, values: 0 },
    ]);
    // The old key is no longer needed.
    await restart(key('k2'));
    expect(await dbUrl()).toBe(MADE.db_url);
    const again = await plane.post('/api/tenants/provision', body, REPEATED).expect(202);
    expect(again.body).toEqual(answered);
    const another = await plane.post('/api/tenants/provision', { ...body, name: 'Another' }, REPEATED);
    expect([another.status, another.body.code]).toEqual([422, 'idempotency_key_reused']);
    const [{ keySealed }] = (await plane.rows(Transfer)) as [Transfer];
    expect(
      plane.app
        .get(SecretBox)
        .open(keySealed ?? '', place)
        .reveal(),
    ).toBe('of a backup');
  });

  it('are not overwritten by resealing if they change concurrently', async () => {
    const place = placeIn(SEALED.tenantDatabaseUrl, tenantId, tenantId);
    const sealed = (keyId: string, text: string): object => ({ dbUrlSealed: boxOf(keyId).seal(text, place) });
    await restart(`${key('k2')},${key('k3')}`);
    await plane.app.get(Resealer).beforeApplicationShutdown();
    await plane.change(Tenant, { id: tenantId }, sealed('k3', MADE.db_url));
    const [database, box] = [plane.app.get(Database), plane.app.get(SecretBox)];
    const meddled: Database = Object.create(database);
    meddled.write = async (work) => {
      await plane.change(Tenant, { id: tenantId }, sealed('k3', 'postgres://acme:changed@db/acme'));
      return database.write(work);
    };
    expect(await new Resealer(meddled, box).reseal()).toEqual({ resealed: 0, unreadable: 0 });
    expect(await dbUrl()).toBe('postgres://acme:changed@db/acme');
    expect(await new Resealer(database, box).reseal()).toEqual({ resealed: 1, unreadable: 0 });
    expect(await dbUrl()).toBe('postgres://acme:changed@db/acme');
  });

  it('are kept and reported when their key is unknown', async () => {
    const place = placeIn(SEALED.tenantDatabaseUrl, tenantId, tenantId);
    const dbUrlSealed = boxOf('k9').seal(MADE.db_url, place);
    await plane.change(Tenant, { id: tenantId }, { dbUrlSealed });
    const resealer = new Resealer(plane.app.get(Database), plane.app.get(SecretBox));
    expect(await resealer.reseal()).toEqual({ resealed: 0, unreadable: 1 });
    expect(await keysInUse()).toContainEqual({ id: 'k9', seals: false, is_known: false, values: 1 });
    expect(await plane.rows(Tenant, { id: tenantId })).toMatchObject([{ dbUrlSealed }]);
    expect((await plane.get(`/api/tenants/${tenantId}/db-url`)).status).toBe(500);
  });
});
