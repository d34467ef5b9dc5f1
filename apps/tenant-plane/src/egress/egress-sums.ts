import { type EgressSum } from '@atlas/tenant-api/deployment';
import { type SelectQueryBuilder } from 'typeorm';
import { type EgressCall } from './egress-call.entity';
import { idBefore } from './similar-calls';

/** How far back sums reach, in milliseconds. */
const RECENT_MS = 24 * 3_600_000;

export function recentSince(now: Date): Date {
  return new Date(now.getTime() - RECENT_MS);
}

interface RawSum {
  readonly class: EgressSum['class'];
  readonly calls: number | string;
  readonly bytes: number | string;
  readonly refused: number | string;
}

/** Sums the rows of the ledger since the hour of `from`, by class. Refused calls have sent nothing. */
export async function egressSums<T extends Omit<EgressCall, 'tenantId'>>(
  rows: SelectQueryBuilder<T>,
  from: Date,
): Promise<EgressSum[]> {
  const sums = await rows
    .andWhere('call.id > :first', { first: idBefore(from) })
    .select('call.class', 'class')
    .addSelect('sum(case when call.refused then 0 else call.count end)', 'calls')
    .addSelect('sum(case when call.refused then 0 else call.bytes end)', 'bytes')
    .addSelect('sum(case when call.refused then call.count else 0 end)', 'refused')
    .groupBy('call.class')
    .getRawMany<RawSum>();
  return sums.map((sum) => ({
    class: sum.class,
    calls: Number(sum.calls),
    bytes: Number(sum.bytes),
    refused: Number(sum.refused),
  }));
}

/** Adds the sums of several ledgers, such as the plane's and a tenant's. */
export function addedSums(sums: readonly EgressSum[]): EgressSum[] {
  const byClass = new Map<string, EgressSum>();
  for (const sum of sums) {
    const before = byClass.get(sum.class) ?? { calls: 0, bytes: 0, refused: 0 };
    byClass.set(sum.class, {
      class: sum.class,
      calls: before.calls + sum.calls,
      bytes: before.bytes + sum.bytes,
      refused: before.refused + sum.refused,
    });
  }
  return [...byClass.values()].sort((a, b) => (a.class < b.class ? -1 : 1));
}
