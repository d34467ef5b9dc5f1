import { Rounds } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Tenant } from '../tenancy/tenant.entity';
import { DueTime } from './due-time.entity';

const PAGE = 200;

/** Attends to one due row. It must check that the row is still due, because another replica may be faster. */
export type DueHandler = (tenantId: string, rowId: string) => Promise<void>;

/** Finds the rows that are due, every 5 s, for all tenants whose home is this plane. */
@Injectable()
export class DueWork implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DueWork.name);
  private readonly handlers = new Map<string, DueHandler>();
  private readonly rounds = new Rounds(() => this.sweep());
  private isClosing = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Registers the handler for the rows of a table. Call it before the application starts. */
  on(table: string, handler: DueHandler): void {
    this.handlers.set(table, handler);
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    await this.rounds.stop();
  }

  /** Handles everything that is due. A row whose handler fails stays due and does not delay other rows. */
  async sweep(): Promise<void> {
    try {
      for await (const row of this.due()) {
        if (this.isClosing) return;
        await this.handle(row);
      }
    } catch (error) {
      this.logger.warn(`Could not look for due rows, trying again: ${(error as Error).message}`);
    }
  }

  private async handle({ tableName, ownerId, rowId }: DueTime): Promise<void> {
    try {
      await this.handlers.get(tableName)?.(ownerId, rowId);
    } catch (error) {
      // The tenant's new home handles the row.
      if (error instanceof DomainError && error.code === 'tenant_frozen') return;
      this.logger.warn(
        `Could not handle a due row of ${tableName}, trying again: ${(error as Error).message}`,
      );
    }
  }

  private async *due(): AsyncGenerator<DueTime> {
    const now = this.clock.now();
    let page: DueTime[];
    let after: DueTime | undefined;
    do {
      page = await this.pageAfter(after, now);
      yield* page;
      after = page.at(-1);
    } while (page.length === PAGE);
  }

  private pageAfter(after: DueTime | undefined, now: Date): Promise<DueTime[]> {
    return this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(DueTime, 'due')
        .innerJoin(Tenant, 'tenant', `tenant.id = due.ownerId and tenant.phase = 'serving'`)
        .where('due.dueAt <= :now', { now })
        .orderBy('due.dueAt')
        .addOrderBy('due.rowId')
        .take(PAGE);
      if (after)
        query.andWhere('(due.dueAt > :dueAt or (due.dueAt = :dueAt and due.rowId > :rowId))', {
          dueAt: after.dueAt,
          rowId: after.rowId,
        });
      return query.getMany();
    });
  }
}
