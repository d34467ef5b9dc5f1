import { type Look, type ReconcilePassView } from '@atlas/operator-api';
import { Database, type RowValues, updateRows } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { type EntityManager, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { Drift } from './drift.entity';
import { Drifts } from './drifts';
import { ReconcilePass } from './reconcile-state.entity';
import { Reconciler } from './reconciler';

/** With more tenants, planes or open drifts, a comparison of everything takes longer than a request. */
const MOST_AT_ONCE = 2000;
/** How many pages are compared before the progress is stored. */
const PAGES = 10;
const LEASE_SECONDS = 60;
const RENEWED_AFTER_MS = 15_000;

/** The last part of a pass, after those of the sources. */
const OPEN_DRIFTS = 'drifts';

type Progress = Pick<ReconcilePass, 'part' | 'position'>;

/**
 * Compares everything, when that takes longer than a request. There is one pass at a time, for all
 * processes. It belongs to no one, and goes on if whoever asked for it loses access. The process that runs it
 * holds a lease, and stores its progress after each few pages. If it dies, another one continues from there.
 */
@Injectable()
export class ReconcilePasses implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ReconcilePasses.name);
  private readonly mostAtOnce = MOST_AT_ONCE;
  private current?: Promise<void>;

  constructor(
    private readonly database: Database,
    private readonly reconciler: Reconciler,
    private readonly drifts: Drifts,
  ) {}

  /** Starts a pass, or joins the one that is running. Returns null if there is little to compare. */
  request(): Promise<ReconcilePassView | null> {
    return this.database.write(async (manager) => {
      const running = await passOf(manager);
      if (running.isRunning) return passView(running);
      if (!(await this.isMuch(manager))) return null;
      const now = (): string => this.database.fromNow(0);
      const counts = { expected: 0, lookedAt: 0, found: 0, repaired: 0, gone: 0, notLookedAt: [] };
      const begun = { passId: uuidv7(), isRunning: true, startedAt: now, finishedAt: null };
      const free = { part: null, position: null, leaseExpiresAt: now };
      // If another process has just begun one, this changes nothing and joins it.
      const where = { id: 1, isRunning: false };
      await updateRows(manager, ReconcilePass, where, { ...begun, ...counts, ...free });
      this.database.afterCommit(() => void this.resume());
      return passView(await passOf(manager));
    });
  }

  async newest(): Promise<ReconcilePassView | null> {
    const pass = await this.database.read(passOf);
    return pass.passId === null ? null : passView(pass);
  }

  /** Begins to continue a pass that no process is running, without waiting for its end. */
  async sweep(): Promise<void> {
    const isRunning = await this.database.read((manager) =>
      manager.existsBy(ReconcilePass, { id: 1, isRunning: true }),
    );
    if (isRunning) void this.resume();
  }

  /** Runs the pass, unless another process does. Resolves when this process is done with it. Never throws. */
  resume(): Promise<void> {
    this.current ??= this.run()
      .catch((error: Error) => this.logger.warn(`A pass stopped and will go on: ${error.message}`))
      .finally(() => (this.current = undefined));
    return this.current;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.current;
  }

  private async run(): Promise<void> {
    const pass = await this.claim();
    if (!pass) return;
    const renewal = setInterval(
      () => void this.update(pass, this.renewed()).catch(() => undefined),
      RENEWED_AFTER_MS,
    );
    try {
      await this.goThrough(pass);
    } catch (error) {
      // Another process need not wait for the end of the lease.
      await this.update(pass, { leaseExpiresAt: () => this.database.fromNow(0) }).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  private claim(): Promise<ReconcilePass | null> {
    return this.database.write(async (manager) => {
      const free = { id: 1, isRunning: true, leaseExpiresAt: this.database.isPast() };
      const leaseNumber = (): string => 'lease_number + 1';
      const claimed = await updateRows(manager, ReconcilePass, free, { ...this.renewed(), leaseNumber });
      return claimed === 1 ? passOf(manager) : null;
    });
  }

  private async goThrough(pass: ReconcilePass): Promise<void> {
    if (pass.expected === 0) await this.update(pass, { expected: await this.count() });
    let progress: Progress | null = pass;
    while (progress) {
      const { look, next } = await this.step(progress);
      if (!(await this.record(pass, look, next))) return;
      progress = next;
    }
  }

  /** Compares some pages of the part at which the pass has arrived. */
  private async step({ part, position }: Progress): Promise<{ look: Look; next: Progress | null }> {
    const { sources } = this.reconciler;
    const index = part === null ? 0 : sources.findIndex(({ name }) => name === part);
    const source = sources[index];
    if (!source) return this.settleSome(position);
    let next = position;
    const pages = this.reconciler.pages(source, { position, most: PAGES }, (to) => (next = to));
    const look = await this.reconciler.compare(pages);
    const following = { part: sources[index + 1]?.name ?? OPEN_DRIFTS, position: null };
    return { look, next: next === null ? following : { part: source.name, position: next } };
  }

  private async settleSome(position: string | null): Promise<{ look: Look; next: Progress | null }> {
    const look: Look = { looked_at: 0, found: 0, repaired: 0, gone: 0, not_looked_at: [] };
    const { rows, next } = await this.drifts.openPage(position);
    await this.reconciler.settle(rows, look);
    return { look, next: next === null ? null : { part: OPEN_DRIFTS, position: next } };
  }

  /** Stores the progress, or the end. Returns false if another process has taken over. */
  private record(pass: ReconcilePass, look: Look, next: Progress | null): Promise<boolean> {
    for (const kind of look.not_looked_at) if (!pass.notLookedAt.includes(kind)) pass.notLookedAt.push(kind);
    const plus = (column: string, count: number) => (): string => `${column} + ${Number(count)}`;
    return this.update(pass, {
      ...(next ?? { isRunning: false, finishedAt: () => this.database.fromNow(0) }),
      ...this.renewed(),
      lookedAt: plus('looked_at', look.looked_at),
      found: plus('found', look.found),
      repaired: plus('repaired', look.repaired),
      gone: plus('gone', look.gone),
      notLookedAt: pass.notLookedAt,
    });
  }

  /** Returns false if another process has taken over. */
  private async update({ leaseNumber }: ReconcilePass, values: RowValues<ReconcilePass>): Promise<boolean> {
    const held = { id: 1, isRunning: true, leaseNumber };
    return (await this.database.write((manager) => updateRows(manager, ReconcilePass, held, values))) === 1;
  }

  private renewed(): RowValues<ReconcilePass> {
    return { leaseExpiresAt: () => this.database.fromNow(LEASE_SECONDS) };
  }

  /** Stops counting, so that the answer does not take longer with more rows. */
  private async isMuch(manager: EntityManager): Promise<boolean> {
    const beyond = (query: SelectQueryBuilder<ObjectLiteral>): Promise<unknown> =>
      query.select(`${query.alias}.id`, 'id').offset(this.mostAtOnce).limit(1).getRawOne();
    for (const query of [tenants(manager), planes(manager), openDrifts(manager)])
      if (await beyond(query)) return true;
    return false;
  }

  /** Planes are compared twice, once for their places. */
  /** Each plane is compared twice: its own row, and its places. Then there is the warm pool. */
  private count(): Promise<number> {
    return this.database.read(
      async (manager) => (await tenants(manager).getCount()) + 2 * (await planes(manager).getCount()) + 1,
    );
  }
}

// These conditions match the partial indexes.
function tenants(manager: EntityManager): SelectQueryBuilder<Tenant> {
  return manager.createQueryBuilder(Tenant, 'tenant').where("tenant.status <> 'deleted'");
}

function planes(manager: EntityManager): SelectQueryBuilder<TenantPlane> {
  return manager.createQueryBuilder(TenantPlane, 'plane').where("plane.status <> 'retired'");
}

function openDrifts(manager: EntityManager): SelectQueryBuilder<Drift> {
  return manager.createQueryBuilder(Drift, 'drift').where('drift.resolved_at is null');
}

function passOf(manager: EntityManager): Promise<ReconcilePass> {
  return manager.findOneByOrFail(ReconcilePass, { id: 1 });
}

function passView(pass: ReconcilePass): ReconcilePassView {
  return {
    id: pass.passId ?? '',
    status: pass.isRunning ? 'running' : 'finished',
    started_at: pass.startedAt ?? new Date(0),
    finished_at: pass.finishedAt,
    expected: pass.expected,
    looked_at: pass.lookedAt,
    found: pass.found,
    repaired: pass.repaired,
    gone: pass.gone,
    not_looked_at: pass.notLookedAt,
  };
}
