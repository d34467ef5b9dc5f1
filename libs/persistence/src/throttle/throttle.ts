import { createHash } from 'node:crypto';
import { BoundedMap, Clock, DomainError, currentContext } from '@atlas/platform';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '../database/database';
import { clientNetwork } from './client-network';

const SWEEP_MS = 60_000;
const MAX_BLOCKS = 10_000;

/** Attempts that have been counted and not been made yet. */
interface Block {
  left: number;
  /** When their window ends, in milliseconds on the monotonic clock. */
  readonly endsAt: number;
}

/** How often something may be tried. */
export interface Allowance {
  readonly name: string;
  readonly limit: number;
  readonly windowSeconds: number;
  /**
   * Whether each permitted attempt restarts the window, so that no period of the window's length contains
   * more than `limit` attempts. Otherwise the first attempt starts the window, and a period that spans two
   * windows may contain twice as many.
   */
  readonly isStrict: boolean;
  /**
   * How many attempts are counted at a time: the next ones cost no statement. Never lets more than `limit`
   * through, but concurrent attempts or other processes may leave some of it unused. A divisor of `limit`,
   * and only for windows that are not strict; 1 by default.
   */
  readonly block?: number;
  /** The message for a refusal, if it helps to know which limit applied. */
  readonly refusal?: string;
}

/** What is counted; each distinct list is counted separately. */
export type Counted = readonly string[];

/**
 * Counts attempts across all processes of a plane, using their shared clock. An attempt is counted before its
 * work starts, so concurrent attempts cannot exceed the limit. Inside a transaction, an attempt counts only
 * if the transaction commits, and concurrent attempts with the same key wait until it ends.
 */
@Injectable()
export class Throttle implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Throttle.name);
  private readonly blocks = new BoundedMap<string, Block>(MAX_BLOCKS);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.sweep().catch((error: unknown) =>
        this.logger.warn(`Could not delete expired throttle rows, will retry: ${(error as Error).message}`),
      );
    }, SWEEP_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Counts an attempt. Throws `too_many_attempts` if it exceeds the limit. */
  async take(allowance: Allowance, counted: Counted): Promise<void> {
    const waitSeconds = await this.secondsToWait(allowance, counted);
    if (waitSeconds > 0) throw tooManyAttempts(waitSeconds, allowance.refusal);
  }

  /** Like {@link take}, counting attempts from the current request's address. */
  async takeFromClient(allowance: Allowance): Promise<void> {
    const ip = currentContext()?.ip;
    if (ip !== undefined) await this.take(allowance, [clientNetwork(ip)]);
  }

  /** Like {@link take}, but returns whether the attempt is allowed. */
  async isTaken(allowance: Allowance, counted: Counted): Promise<boolean> {
    return (await this.secondsToWait(allowance, counted)) === 0;
  }

  /** Gives back an attempt that turned out not to count. */
  async giveBack({ name }: Allowance, counted: Counted): Promise<void> {
    await this.database.write((manager) =>
      manager.query('update throttles set count = count - 1 where key = $1 and count > 0', [
        keyOf(name, counted),
      ]),
    );
  }

  /**
   * Deletes expired rows, except locked ones. A transaction that counts under several keys locks one row and
   * then waits for the next row, so waiting here could cause a deadlock.
   */
  async sweep(): Promise<void> {
    const others = this.database.driver === 'postgres' ? 'for update skip locked' : '';
    const over = `select key from throttles where window_ends_at < ${this.database.fromNow(0)} ${others}`;
    await this.database.write((manager) => manager.query(`delete from throttles where key in (${over})`));
  }

  private async secondsToWait(allowance: Allowance, counted: Counted): Promise<number> {
    const { name, limit, windowSeconds, block = 1 } = allowance;
    const key = keyOf(name, counted);
    const kept = this.blockOf(key);
    if (kept && kept.left > 0) {
      kept.left -= 1;
      return 0;
    }
    const amount = Math.min(block, limit);
    const { count, leftMs } = await this.count(key, allowance, amount);
    if (count > limit) return Math.min(windowSeconds, Math.max(1, Math.ceil(leftMs / 1000)));
    if (amount > 1)
      this.database.afterCommit(() => {
        const left = (this.blockOf(key)?.left ?? 0) + amount - 1;
        this.blocks.set(key, { left, endsAt: this.clock.monotonicMs() + leftMs });
      });
    return 0;
  }

  private blockOf(key: string): Block | undefined {
    const block = this.blocks.get(key);
    return block && this.clock.monotonicMs() < block.endsAt ? block : undefined;
  }

  /** Returns the count, and how long the window still lasts. */
  private async count(
    key: string,
    { limit, windowSeconds, isStrict }: Allowance,
    amount: number,
  ): Promise<{ readonly count: number; readonly leftMs: number }> {
    const [now, end] = [this.database.fromNow(0), this.database.fromNow(windowSeconds)];
    const isOver = `throttles.window_ends_at <= ${now}`;
    // True if the window was started before the clock was set back. Past attempts still count.
    const isTooLate = `throttles.window_ends_at > ${end}`;
    const begins = isStrict ? `${isOver} or throttles.count < ${limit}` : isOver;
    const [row] = await this.database.write((manager) =>
      manager.query<{ count: number; window_ends_at: Date | string; now: Date | string }[]>(
        `insert into throttles (key, count, window_ends_at) values ($1, ${amount}, ${end})
         on conflict (key) do update set
           count = case when ${isOver} then ${amount} when throttles.count > ${limit} then throttles.count
             else throttles.count + ${amount} end,
           window_ends_at = case when ${begins} or ${isTooLate} then ${end} else throttles.window_ends_at end
         returning count, window_ends_at, ${now} as now`,
        [key],
      ),
    );
    if (!row) throw new Error('An attempt was not counted.');
    return { count: row.count, leftMs: read(row.window_ends_at).getTime() - read(row.now).getTime() };
  }
}

/** On SQLite, times are stored as TypeORM writes them: as text, in UTC. */
function read(time: Date | string): Date {
  return typeof time === 'string' ? new Date(`${time.replace(' ', 'T')}Z`) : time;
}

function tooManyAttempts(waitSeconds: number, refusal = 'Too many attempts.'): DomainError {
  return new DomainError(
    'too_many_attempts',
    'too_many',
    `${refusal} Try again in ${waitSeconds} seconds.`,
    {},
    { 'retry-after': String(waitSeconds) },
  );
}

function keyOf(name: string, counted: Counted): string {
  return createHash('sha256')
    .update(JSON.stringify([name, ...counted]))
    .digest('hex');
}
