import { Database, TenantDatabase, insertIfAbsent, lockedForShare } from '@atlas/persistence';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { type EntityManager, type EntityTarget, type FindOptionsWhere } from 'typeorm';
import { TrustedTime } from '../plane-identity/trusted-time';
import { Tenant } from '../tenancy/tenant.entity';
import { EgressCall, PlaneEgressCall } from './egress-call.entity';
import { type CallSum, type NotedCall, joined, sumOf } from './similar-calls';

const EVERY_MS = 5000;
/**
 * How many rows may wait for a database that accepts no writes. Calls beyond that are counted, but not
 * listed.
 */
const MOST_WAITING = 5000;

export type CallToNote = Omit<NotedCall, 'at'>;

/** What a door writes to. */
export interface CallLog {
  note(call: CallToNote): void;
  write(call: CallToNote): Promise<void>;
}

/**
 * Records what has left the plane, and what was refused. Calls of the same hour that differ in nothing but
 * time and size share a row.
 *
 * A noted call is stored within 5 s, so a crash loses at most that much. If nobody knows whether a COMMIT
 * took effect, its calls are stored again: the ledger may then count too many calls, but never too few.
 */
@Injectable()
export class EgressLedger implements CallLog, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EgressLedger.name);
  private waiting = new Map<string, CallSum>();
  private missed = 0;
  private storing: Promise<void> = Promise.resolve();
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    @Inject(TrustedTime) private readonly time: Pick<TrustedTime, 'now'>,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** Never waits and never fails, so that the ledger neither delays nor stops a call. */
  note(call: CallToNote): void {
    this.add(sumOf({ ...call, at: this.time.now() }));
  }

  /** Resolves once the call is stored. Throws if it cannot be stored. */
  async write(call: CallToNote): Promise<void> {
    const sum = sumOf({ ...call, at: this.time.now() });
    await this.store(sum.tenantId, [sum]);
  }

  /** Stores what is waiting. Never rejects: what cannot be stored keeps waiting. */
  flush(): Promise<void> {
    return (this.storing = this.storing.then(() => this.storeWaiting()));
  }

  private add(sum: CallSum): void {
    const before = this.waiting.get(sum.id);
    if (before) this.waiting.set(sum.id, joined(before, sum));
    else if (this.waiting.size < MOST_WAITING) this.waiting.set(sum.id, sum);
    else this.missed += sum.count;
  }

  private async storeWaiting(): Promise<void> {
    const sums = [...this.waiting.values()];
    this.waiting = new Map();
    for (const tenantId of new Set(sums.map((sum) => sum.tenantId))) {
      const own = sums.filter((sum) => sum.tenantId === tenantId);
      await this.store(tenantId, own).catch((error: unknown) => {
        for (const sum of own) this.add(sum);
        this.logger.warn(`Could not store which calls have left, trying again: ${(error as Error).message}`);
      });
    }
    if (this.missed > 0)
      this.logger.error(`The ledger lacks ${this.missed} calls, because the database accepted no writes.`);
    this.missed = 0;
  }

  private store(tenantId: string | null, sums: readonly CallSum[]): Promise<void> {
    if (tenantId === null) return this.database.write((manager) => addRows(manager, PlaneEgressCall, sums));
    return this.tenants.write(tenantId, async ({ manager }) => {
      if (!(await isPurged(manager, tenantId))) await addRows(manager, EgressCall, sums);
    });
  }
}

/** Nothing is kept of a purged tenant. A purge waits until the caller's transaction has ended. */
async function isPurged(manager: EntityManager, id: string): Promise<boolean> {
  const query = manager.createQueryBuilder(Tenant, 'tenant').select('tenant.purgeJobId').where({ id });
  const tenant = await lockedForShare(query).getOne();
  return Boolean(tenant?.purgeJobId);
}

/**
 * In one order, so that two processes that store the same rows at once do not wait for each other in a
 * circle.
 */
async function addRows(
  manager: EntityManager,
  entity: EntityTarget<EgressCall> | EntityTarget<PlaneEgressCall>,
  sums: readonly CallSum[],
): Promise<void> {
  const ordered = [...sums].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const sum of ordered) await addRow(manager, entity as EntityTarget<EgressCall>, sum);
}

async function addRow(
  manager: EntityManager,
  entity: EntityTarget<EgressCall>,
  { tenantId, ...sum }: CallSum,
): Promise<void> {
  const owner = tenantId === null ? {} : { tenantId };
  if (await insertIfAbsent(manager, entity, { ...owner, ...sum } as EgressCall)) return;
  const where: FindOptionsWhere<EgressCall> = { ...owner, id: sum.id };
  await manager
    .createQueryBuilder()
    .update(entity)
    .set({
      count: () => 'count + :count',
      bytes: () => 'bytes + :bytes',
      lastAt: () => 'case when last_at < :lastAt then :lastAt else last_at end',
    })
    .setParameters({ count: sum.count, bytes: sum.bytes, lastAt: sum.lastAt })
    .where(where)
    .execute();
}
