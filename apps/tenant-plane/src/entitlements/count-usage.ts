import { type TenantScope, insertIfAbsent } from '@atlas/persistence';
import { type Meter } from '@atlas/plane-contract';
import { uuidv7 } from '@atlas/tenancy';
import { UsageDay } from './usage-day.entity';

interface Used {
  readonly meter: Meter;
  readonly amount: number;
  readonly at: Date;
  /** Transactions that count the same part of a meter wait for each other. */
  readonly part?: string;
}

/**
 * Adds to what the tenant has used today. Call it in the transaction that does what is counted, so that both
 * are committed or neither is, and after its other locks.
 */
export async function countUsage(scope: TenantScope, { meter, amount, at, part = '' }: Used): Promise<void> {
  if (amount === 0) return;
  const day = dayOf(at);
  const key = { tenantId: scope.tenantId, day, meter, part };
  const add = async (): Promise<boolean> => {
    const added = await scope.manager
      .createQueryBuilder()
      .update(UsageDay)
      .set({ amount: () => 'amount + :added', reportAt: () => 'coalesce(report_at, :at)' })
      .where(key)
      .setParameters({ added: amount, at })
      .execute();
    return (added.affected ?? 0) > 0;
  };
  if (await add()) return;
  await insertIfAbsent(scope.manager, UsageDay, { ...key, id: uuidv7(at), amount: 0, reportAt: at });
  await add();
}

/** A day in UTC, such as 2026-11-30. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
