import { Database } from '@atlas/persistence';
import { asAdmin, eventually } from '@atlas/testing';
import { lockPlane } from '../src/registry/plane-lock';
import { TestControlPlane } from './control-plane.fixture';
import { lockWaits } from './held-operator.fixture';

describe('a transaction that counts the transactions waiting for it', () => {
  let plane: TestControlPlane;
  beforeAll(async () => (plane = await TestControlPlane.boot('postgres')));
  afterAll(() => plane.close());

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
