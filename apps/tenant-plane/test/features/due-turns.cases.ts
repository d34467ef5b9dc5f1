import { randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { DueTime } from '../../src/due/due-time.entity';
import { DueWork } from '../../src/due/due-work';
import { TestTenantPlane } from '../tenant-plane.fixture';

const TABLE = 'rows_of_this_test';

describe.each(EVERY_DATABASE)('due rows on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());

  const note = ({ tenant_id: ownerId }: DesiredTenant, count: number, secondsAgo: number): Promise<void> =>
    plane.app.get(Database).write(async (manager) => {
      const dueAt = new Date(clock.now().getTime() - secondsAgo * 1000);
      const rows = Array.from({ length: count }, () => ({
        tableName: TABLE,
        ownerId,
        rowId: randomUUID(),
        dueAt,
      }));
      await manager.insert(DueTime, rows);
    });

  it('of one tenant, however many, do not delay those of another', async () => {
    const [busy, quiet, late] = [
      await plane.tenant('busy'),
      await plane.tenant('quiet'),
      await plane.tenant('late'),
    ];
    await note(busy, 120, 3600);
    await note(quiet, 1, 1);
    const order: string[] = [];
    plane.app.get(DueWork).on(TABLE, async ({ tenantId }) => {
      order.push(tenantId);
      if (order.length === 1) await note(late, 1, 0);
    });
    await plane.app.get(DueWork).sweep();
    const times = (tenant: DesiredTenant): number => order.filter((id) => id === tenant.tenant_id).length;
    expect([times(busy), times(quiet), times(late)]).toEqual([120, 1, 1]);
    expect(order.indexOf(quiet.tenant_id)).toBeLessThan(51);
    // It became due after the sweep had begun.
    expect(order.indexOf(late.tenant_id)).toBeLessThan(102);
  });
});
