import { Database } from '@atlas/persistence';
import { eventually } from '@atlas/testing';
import { RunningTransfers } from '../../src/portability/running-transfers';
import { Transfers } from '../../src/portability/transfers';
import { TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';

describe(Transfers.name, () => {
  let plane: TestTenantPlane;
  beforeAll(async () => (plane = await TestTenantPlane.boot('sqlite')));
  afterAll(() => plane.close());

  it('goes on with a transfer after the database could not be asked', async () => {
    const id = '0199e000-0000-7000-8000-000000000009';
    const transfer = { id, role: 'target' } as const;
    await plane.apply({ tenants: [{ ...tenantEntry('comer'), phase: 'importing', transfer }] });
    const database = plane.app.get(Database);
    const read = database.read.bind(database);
    const reads = jest
      .spyOn(database, 'read')
      .mockImplementationOnce(read)
      .mockRejectedValueOnce(new Error('the server restarts'));
    await plane.app.get(Transfers).tend();
    await eventually(() => reads.mock.calls.length > 2, { what: 'it asks again' });
    expect(plane.app.get(RunningTransfers).has(id)).toBe(true);
    reads.mockRestore();
    await plane.app.get(Transfers).stop();
    expect(plane.app.get(RunningTransfers).size).toBe(0);
  });
});
