import { Database, updateRows } from '@atlas/persistence';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { ReconcileRounds } from './reconcile-rounds';
import { ReconcileTurn } from './reconcile-state.entity';

const SOONEST_MS = 1000;
/**
 * The fraction of the interval that passes between two reconciliations. The
 * rest is for the reconciliation itself and for confirming what it finds.
 */
const SHARE = 0.75;

/**
 * Reconciles at intervals, in one process at a time. The process that first advances the due time
 * runs the reconciliation, without holding a lock. The due time is measured by the database's clock.
 */
@Injectable()
export class ReconcileTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ReconcileTimer.name);
  private readonly periodMs: number;
  private timer?: NodeJS.Timeout;
  private turning: Promise<void> = Promise.resolve();
  private isEnding = false;

  constructor(
    config: ControlPlaneConfig,
    private readonly database: Database,
    private readonly rounds: ReconcileRounds,
  ) {
    this.periodMs = config.RECONCILE_INTERVAL_SECONDS * 1000 * SHARE;
  }

  onApplicationBootstrap(): void {
    if (this.periodMs > 0) this.turnIn(SOONEST_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    clearTimeout(this.timer);
    await this.turning;
  }

  /** Without rounds, what triggers note would only grow. */
  async sweep(): Promise<void> {
    if (this.periodMs === 0) await this.rounds.forgetChanges();
  }

  private turnIn(ms: number): void {
    clearTimeout(this.timer);
    if (!this.isEnding) this.timer = setTimeout(() => (this.turning = this.turn()), ms);
  }

  /**
   * Reconciles if a reconciliation is due and no other
   * process has taken the turn, then schedules the next turn.
   */
  async turn(): Promise<void> {
    let dueInMs = this.periodMs;
    try {
      if (await this.takeTurn()) await this.rounds.run();
      dueInMs = await this.dueInMs();
    } catch (error) {
      if (!this.isEnding)
        this.logger.warn(`Reconciliation failed and will run again: ${(error as Error).message}`);
    }
    this.turnIn(Math.max(SOONEST_MS, dueInMs));
  }

  private async takeTurn(): Promise<boolean> {
    const due = { id: 1, dueAt: this.database.isPast() };
    const dueAt = (): string => this.database.fromNow(this.periodMs / 1000);
    const taken = await this.database.write((manager) => updateRows(manager, ReconcileTurn, due, { dueAt }));
    return taken === 1;
  }

  private async dueInMs(): Promise<number> {
    const { dueAt } = await this.database.read((manager) =>
      manager.findOneByOrFail(ReconcileTurn, { id: 1 }),
    );
    return dueAt.getTime() - (await this.database.now()).getTime();
  }
}
