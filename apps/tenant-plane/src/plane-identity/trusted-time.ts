import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PlaneIdentities } from './plane-identities';
import { PlaneIdentity } from './plane-identity.entity';

const KEEP_MS = 60_000;

/** One moment by two clocks, in milliseconds. */
interface Anchor {
  readonly at: number;
  readonly monotonic: number;
}

/**
 * The time that leases are checked against. It never runs backwards, so setting the plane's clock back gains
 * nothing: it continues from the latest time that the plane has seen, even after a restart. Only a signed
 * response of the Control Plane corrects it, in both directions.
 */
@Injectable()
export class TrustedTime implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(TrustedTime.name);
  private timer: NodeJS.Timeout | undefined;
  /** When this time was last set. */
  private anchor: Anchor | undefined;
  /** How far the plane's clock is behind, in milliseconds, as the last signed response has shown. */
  private offsetMs = 0;
  /** The last moment that the Control Plane has confirmed to this process. */
  private proven: Anchor | undefined;
  /** Whether the time was corrected since it was last stored. */
  private isCorrected = false;

  constructor(
    private readonly database: Database,
    private readonly identities: PlaneIdentities,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.keep().catch((error: unknown) =>
        this.logger.warn(`Could not store the time, trying again: ${(error as Error).message}`),
      );
    }, KEEP_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  now(): Date {
    const { at, monotonic } = this.anchored;
    const elapsed = at + this.clock.monotonicMs() - monotonic;
    return new Date(Math.max(elapsed, this.clock.now().getTime() + this.offsetMs));
  }

  /** Continues from the time of a response that the Control Plane has just signed. */
  correct(signedAt: Date): void {
    this.offsetMs = signedAt.getTime() - this.clock.now().getTime();
    this.anchor = { at: signedAt.getTime(), monotonic: this.clock.monotonicMs() };
    this.proven = this.anchor;
    this.isCorrected = true;
  }

  /**
   * The time, counted on from the last response that the Control Plane has signed, whatever this machine's
   * clock says. Null if this process has received none yet.
   */
  provenNow(): Date | null {
    if (!this.proven) return null;
    return new Date(this.proven.at + this.clock.monotonicMs() - this.proven.monotonic);
  }

  /** Stores the time, for the next start. Another replica may have stored a later one. */
  async keep(): Promise<void> {
    const isCorrected = this.isCorrected;
    const now = this.now();
    await this.database.write((manager) => {
      const update = manager
        .createQueryBuilder()
        .update(PlaneIdentity)
        .set({ latestTime: now })
        .where({ id: 1 });
      if (!isCorrected) update.andWhere('(latest_time is null or latest_time < :now)', { now });
      return update.execute();
    });
    this.isCorrected &&= !isCorrected;
  }

  private get anchored(): Anchor {
    const { latestTime } = this.identities.current;
    const now = this.clock.now().getTime();
    this.anchor ??= { at: Math.max(now, latestTime?.getTime() ?? 0), monotonic: this.clock.monotonicMs() };
    return this.anchor;
  }
}
