import { Database, TenantDatabase } from '@atlas/persistence';
import { type TestTenantPlane } from './tenant-plane.fixture';

/** SQL for the UUID that belongs to a number between 0 and 10^12. */
export function idOf(plane: TestTenantPlane, number: string): string {
  const text = `'00000000-0000-4000-8000-' || substr(cast(1000000000000 + ${number} as varchar(13)), 2)`;
  return `cast(${text} as ${plane.app.get(Database).driver === 'postgres' ? 'uuid' : 'varchar'})`;
}

/**
 * Runs the insert of `select`, which may use the number `n`, for each number from 1 to `count`, in one
 * statement. The tenant's id is the parameter `$1`.
 */
export async function insertMany(
  plane: TestTenantPlane,
  tenantId: string,
  { count, into, select }: { readonly count: number; readonly into: string; readonly select: string },
): Promise<void> {
  const numbers = `numbers (n) as (select 1 union all select n + 1 from numbers where n < ${count})`;
  await plane.app
    .get(TenantDatabase)
    .write(tenantId, ({ manager }) =>
      manager.query(`with recursive ${numbers} insert into ${into} select ${select} from numbers`, [
        tenantId,
      ]),
    );
}
