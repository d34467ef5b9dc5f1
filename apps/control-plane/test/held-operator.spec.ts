import { Database } from '@atlas/persistence';
import { asAdmin, eventually } from '@atlas/testing';
import { lockPlane } from '../src/registry/plane-lock';
import { TenantPlane } from '../src/registry/tenant-plane.entity';
import { TestControlPlane } from './control-plane.fixture';
import { HeldRow, lockWaits } from './held-operator.fixture';

let plane: TestControlPlane;
beforeAll(async () => (plane = await TestControlPlane.boot('postgres')));
afterAll(() => plane.close());

describe('a transaction that counts the transactions waiting for it', () => {
  it('also counts a transaction on a connection opened after the first count', async () => {
    const { id } = await plane.registerCell();
    const database = plane.app.get(Database);
    const { waiting } = await database.write(async (manager) => {
      await lockPlane(manager, id);
      expect(await lockWaits(database)).toBe(0);
      const waiting = asAdmin(plane.database.url, (client) =>
        client.query('update tenant_planes set id = id where id = $1', [id]),
      );
      const isWaiting = async () => (await lockWaits(database)) === 1;
      await eventually(isWaiting, { everyMs: 5, what: 'the new connection waits' });
      return { waiting };
    });
    await waiting;
  });
});

describe('a held row', () => {
  it('is released if its test fails first', async () => {
    const { id } = await plane.registerCell();
    const failing = async (): Promise<void> => {
      await using held = await HeldRow.hold(plane, TenantPlane, id);
      await held.untilWaiting(0);
      throw new Error('The test fails');
    };
    await expect(failing()).rejects.toThrow('The test fails');
    await plane.app.get(Database).write(async (manager) => {
      await manager.query(`set local lock_timeout = '100ms'`);
      await lockPlane(manager, id);
    });
  });
});
