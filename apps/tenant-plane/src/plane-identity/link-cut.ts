import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LinkCutRow } from './link-cut.entity';

const LOOK_MS = 2000;
/** The longest rehearsal. Whatever the row says, a process cuts the link for no longer. */
export const MAX_CUT_MINUTES = 60;

/** The link is cut because whoever runs the plane rehearses an outage. */
class LinkIsCut extends Error {
  constructor() {
    super('the link is cut, because an outage is being rehearsed (atlas-tp rehearse-outage)');
  }
}

/**
 * Whether this process must make no call to the Control Plane, because an outage is being rehearsed. Each
 * process reads this from the plane's database. Once it has, the link returns at the deadline by the
 * process's own monotonic clock, even if nobody ends the rehearsal and the database cannot be read.
 */
@Injectable()
export class LinkCut implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(LinkCut.name);
  private timer: NodeJS.Timeout | undefined;
  /** In milliseconds on the monotonic clock. */
  private until = -Infinity;
  /** The newest rehearsal, and its last possible moment. Setting a clock back cannot prolong it. */
  private newest: { readonly id: string; readonly untilMs: number } | undefined;
  private looking: Promise<void> | undefined;
  private calls = new AbortController();
  /** Called after each look at a row that names a rehearsal. */
  onLook: ((row: LinkCutRow) => Promise<void>) | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.look().catch((error: unknown) =>
        this.logger.warn(`Could not read whether an outage is rehearsed: ${(error as Error).message}`),
      );
    }, LOOK_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  get isCut(): boolean {
    return this.clock.monotonicMs() < this.until;
  }

  /** Throws while the link is cut. */
  requireLink(): void {
    if (this.isCut) throw new LinkIsCut();
  }

  /** Aborted when the link is cut, so that no call stays open. */
  get signal(): AbortSignal {
    if (this.calls.signal.aborted && !this.isCut) this.calls = new AbortController();
    return this.calls.signal;
  }

  /** Looks do not overlap, because records of many tenants may take longer than the pause between two. */
  look(): Promise<void> {
    return (this.looking ??= this.lookOnce().finally(() => (this.looking = undefined)));
  }

  private async lookOnce(): Promise<void> {
    const [row, now] = await this.database.read((manager) =>
      Promise.all([manager.findOneByOrFail(LinkCutRow, { id: 1 }), this.database.now()]),
    );
    if (row.rehearsalId === null || row.endsAt === null) return;
    const restMs = Math.min(row.endsAt.getTime() - now.getTime(), MAX_CUT_MINUTES * 60_000);
    const wasCut = this.isCut;
    const endsMs = restMs > 0 ? this.clock.monotonicMs() + restMs : -Infinity;
    const untilMs = this.newest?.id === row.rehearsalId ? Math.min(endsMs, this.newest.untilMs) : endsMs;
    this.newest = { id: row.rehearsalId, untilMs };
    this.until = untilMs;
    if (this.isCut && !wasCut) this.begin(row.endsAt);
    if (wasCut && !this.isCut) this.logger.log('The rehearsal of an outage has ended.');
    await this.onLook?.(row);
  }

  private begin(endsAt: Date): void {
    this.logger.warn(`Rehearsing an outage: no call to the Control Plane until ${endsAt.toISOString()}.`);
    this.calls.abort(new LinkIsCut());
  }
}
