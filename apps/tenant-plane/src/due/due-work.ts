import { Rounds } from '@atlas/jobs';
import { Database, TenantDatabase, type TenantScope } from '@atlas/persistence';
import { BoundedMap, Clock, DomainError, newTraceId, runInContext } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { requireStanding } from '../tenancy/tenant-standing';
import { Tenant } from '../tenancy/tenant.entity';
import { DueTime } from './due-time.entity';

/** How many rows of a tenant are handled before it is the turn of the next tenant. */
const ROWS_A_TURN = 50;
const MAX_TROUBLES = 10_000;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 600_000;

/**
 * Attends to one due row, in a transaction that has checked that the tenant is served here and active. It
 * must lock the row and check that it is still due, because another replica may be faster.
 */
export type DueHandler = (scope: TenantScope, rowId: string) => Promise<void>;

/** Refusals that mean that the row is not this plane's business now. It stays due. */
const NOT_NOW = ['tenant_frozen', 'tenant_not_found', 'tenant_suspended'];

interface Trouble {
  readonly failures: number;
  readonly retryAt: number;
}

/** Finds the rows that are due, every 5 s, for all active tenants whose home is this plane. */
@Injectable()
export class DueWork implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DueWork.name);
  private readonly handlers = new Map<string, DueHandler>();
  private readonly rounds = new Rounds(() => this.sweep());
  /** Rows whose handler has failed, and when to try again, in milliseconds on the monotonic clock. */
  private readonly troubles = new BoundedMap<string, Trouble>(MAX_TROUBLES);
  private isClosing = false;

  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly clock: Clock,
  ) {}

  /** Registers the handler for the rows of a table. Call it before the application starts. */
  on(table: string, handler: DueHandler): void {
    if (this.handlers.has(table)) throw new Error(`Two handlers were registered for due rows of ${table}.`);
    this.handlers.set(table, handler);
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    await this.stopSweeping();
  }

  async stopSweeping(): Promise<void> {
    await this.rounds.stop();
  }

  /**
   * Handles everything that is due, also what becomes due meanwhile. Tenants take turns, so that one with
   * many due rows does not delay the others. A row whose handler fails stays due, and is tried less often.
   */
  async sweep(): Promise<void> {
    try {
      const handled = new Map<string, DueTime>();
      while (await this.round(handled));
    } catch (error) {
      this.logger.warn(`Could not look for due rows, trying again: ${(error as Error).message}`);
    }
  }

  /** Gives each tenant a turn. `handled`: the last row of each tenant. Returns whether any row was left. */
  private async round(handled: Map<string, DueTime>): Promise<boolean> {
    let hasRows = false;
    const now = this.clock.now();
    for (const tenantId of await this.dueTenants(now)) {
      for (const row of await this.turnOf(tenantId, handled.get(tenantId), now)) {
        if (this.isClosing) return false;
        hasRows = true;
        handled.set(tenantId, row);
        await runInContext({ traceId: newTraceId(), tenantId }, () => this.handle(row));
      }
    }
    return hasRows;
  }

  private async handle({ tableName, ownerId, rowId }: DueTime): Promise<void> {
    const handler = this.handlers.get(tableName);
    const key = `${tableName} ${ownerId} ${rowId}`;
    const trouble = this.troubles.get(key);
    if (!handler || (trouble && this.clock.monotonicMs() < trouble.retryAt)) return;
    try {
      await this.tenants.write(ownerId, async (scope) => {
        await requireStanding(scope);
        await handler(scope, rowId);
      });
      this.troubles.delete(key);
    } catch (error) {
      if (error instanceof DomainError && NOT_NOW.includes(error.code)) return;
      const failures = (trouble?.failures ?? 0) + 1;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
      this.troubles.set(key, { failures, retryAt: this.clock.monotonicMs() + pauseMs });
      this.logger.warn(
        `Could not handle the due row ${rowId} of ${tableName}, trying again: ${(error as Error).message}`,
      );
    }
  }

  /** Some due rows are not for this, such as amounts that wait to be reported. */
  private get tables(): string[] {
    return [...this.handlers.keys()];
  }

  private async dueTenants(now: Date): Promise<string[]> {
    const rows = await this.database.read((manager) =>
      manager
        .createQueryBuilder(DueTime, 'due')
        .select('due.ownerId', 'id')
        .distinct()
        .innerJoin(
          Tenant,
          'tenant',
          `tenant.id = due.ownerId and tenant.phase = 'serving' and tenant.status = 'active'`,
        )
        .where('due.dueAt <= :now and due.tableName in (:...tables)', { now, tables: this.tables })
        .getRawMany<{ id: string }>(),
    );
    return rows.map(({ id }) => id);
  }

  private turnOf(tenantId: string, after: DueTime | undefined, now: Date): Promise<DueTime[]> {
    return this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(DueTime, 'due')
        .where('due.ownerId = :tenantId and due.dueAt <= :now', { tenantId, now })
        .andWhere('due.tableName in (:...tables)', { tables: this.tables })
        .orderBy('due.dueAt')
        .addOrderBy('due.rowId')
        .limit(ROWS_A_TURN);
      if (after)
        query.andWhere('(due.dueAt > :dueAt or (due.dueAt = :dueAt and due.rowId > :rowId))', {
          dueAt: after.dueAt,
          rowId: after.rowId,
        });
      return query.getMany();
    });
  }
}
