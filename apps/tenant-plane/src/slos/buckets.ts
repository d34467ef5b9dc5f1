import { type TenantScope } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { type Counts } from './error-budget';
import { timeOf } from './minutes';
import { SloBucket } from './slo-bucket.entity';

/** How many buckets are deleted at once. */
const BATCH = 5000;

/** Adds events to a bucket. Concurrent additions are all counted. */
export async function addToBucket(
  scope: TenantScope,
  sloId: string,
  minute: number,
  { good, total }: Counts,
): Promise<void> {
  await scope.manager.query(
    `insert into slo_buckets (tenant_id, id, slo_id, minute, good, total) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, slo_id, minute)
       do update set good = slo_buckets.good + excluded.good, total = slo_buckets.total + excluded.total`,
    [scope.tenantId, uuidv7(timeOf(minute)), sloId, minute, good, total],
  );
}

/** The sums of the buckets of each SLO since each of these minutes, by SLO, read with one query. */
export async function sumsSince(
  scope: TenantScope,
  sloIds: readonly string[],
  minutes: readonly number[],
): Promise<ReadonlyMap<string, readonly Counts[]>> {
  const count = minutes.length;
  // SQLite numbers parameters in the order of their first use.
  const columns = minutes.map((_, index) => {
    const since = `minute >= $${index + 1}`;
    return `sum(case when ${since} then good end) as good_${index},
      sum(case when ${since} then total end) as total_${index}`;
  });
  const ids = sloIds.map((_, index) => `$${count + 3 + index}`);
  const rows = await scope.manager.query<(Record<string, number | null> & { readonly slo_id: string })[]>(
    `select ${columns.join(', ')}, slo_id from slo_buckets
      where tenant_id = $${count + 1} and minute >= $${count + 2} and slo_id in (${ids.join(', ')})
      group by slo_id`,
    [...minutes, scope.tenantId, Math.min(...minutes), ...sloIds],
  );
  const sumsIn = (row: Record<string, number | null> = {}): Counts[] =>
    minutes.map((_, index) => ({ good: row[`good_${index}`] ?? 0, total: row[`total_${index}`] ?? 0 }));
  return new Map(sloIds.map((id) => [id, sumsIn(rows.find(({ slo_id: sloId }) => sloId === id))]));
}

/** Deletes some of the buckets before this minute, the oldest first. Returns whether none is left. */
export async function deleteBuckets(scope: TenantScope, sloId: string, before: number): Promise<boolean> {
  const old = `slo_id = $2 and minute < $3`;
  await scope.manager.query(
    `delete from slo_buckets where tenant_id = $1 and ${old} and id in
      (select id from slo_buckets where tenant_id = $1 and ${old} order by minute limit ${BATCH})`,
    [scope.tenantId, sloId, before],
  );
  const left = scope
    .query(SloBucket, 'bucket')
    .andWhere({ sloId })
    .andWhere('bucket.minute < :before', { before });
  return !(await left.getExists());
}
