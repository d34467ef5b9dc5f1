import { setTimeout as delay } from 'node:timers/promises';
import { Slots } from '@atlas/jobs';
import { Logger } from '@nestjs/common';
import { interrupted } from './archive-failure';

/** How many run at a time in this process. Each uses up to two database connections. */
const CONCURRENT = 2;
const RENEW_MS = 20_000;

/** How long a run counts as running after its process was last heard of. */
export const LEASE_SECONDS = 120;

export interface BackgroundRun {
  /** Does the work, until `signal` aborts. */
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** Records that this process is still working. */
  readonly renew: () => Promise<unknown>;
  /** Records a failure, unless the run has ended already. */
  readonly fail: (error: unknown) => Promise<void>;
}

/**
 * Work that outlasts its request. It runs in this process only: if the process dies, the lease of the run
 * expires, and another process records the run as interrupted.
 */
export class BackgroundRuns {
  private readonly logger = new Logger(BackgroundRuns.name);
  private readonly slots = new Slots(CONCURRENT);
  private readonly end = new AbortController();
  private readonly running = new Set<Promise<void>>();

  /** Aborts when the process stops. Each caller gets its own, so that no listeners accumulate. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.end.signal]);
  }

  start(run: BackgroundRun): void {
    const ended = this.keep(run)
      .catch((error: unknown) => this.logger.error(error))
      .finally(() => this.running.delete(ended));
    this.running.add(ended);
  }

  /** Work of a request, which must end before the process does. */
  async awaited<T>(work: Promise<T>): Promise<T> {
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    this.running.add(ended);
    try {
      return await work;
    } finally {
      this.running.delete(ended);
    }
  }

  /** Ends all runs, and returns once their failures are recorded. */
  async stop(): Promise<void> {
    this.end.abort(interrupted());
    this.slots.end();
    await this.settled();
  }

  /** Resolves once nothing is running. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private async keep(run: BackgroundRun): Promise<void> {
    try {
      await whileRenewing(run, () => this.inSlot(run));
    } catch (error) {
      await run.fail(error);
    }
  }

  private async inSlot(run: BackgroundRun): Promise<void> {
    if (!(await this.slots.take())) throw interrupted();
    try {
      const { signal } = this;
      signal.throwIfAborted();
      await run.work(signal);
    } finally {
      this.slots.giveBack();
    }
  }
}

/** Renews the lease of a run until `work` has ended. */
export async function whileRenewing<T>(
  { renew }: Pick<BackgroundRun, 'renew'>,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const renewing = keepRenewing(renew, over.signal);
  try {
    return await work();
  } finally {
    over.abort();
    await renewing;
  }
}

async function keepRenewing(renew: BackgroundRun['renew'], over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await delay(RENEW_MS, undefined, { signal: over, ref: false }).catch(() => undefined);
    // If the database is unreachable, the work itself fails.
    if (!over.aborted) await renew().catch(() => undefined);
  }
}
