import { setTimeout as delay } from 'node:timers/promises';
import { HEARTBEAT_SECONDS, LinkPace, PLANE_PATHS } from '@atlas/plane-contract';
import { type SignedPlane, send } from '../signed-plane';

interface Poll {
  readonly revision: string;
}

export interface Attempt {
  readonly at: number;
  readonly status: number;
}

/** A tenant plane's link, which waits for changes and reconnects at the pace of real links. */
export class SimulatedLink {
  /** Calls that received a response, regardless of its status. */
  attempts: Attempt[] = [];
  private readonly pace = new LinkPace();
  private isReachable = true;
  private isOver = false;
  /** When the pending call was sent; 0 if there is none. */
  askedAt = 0;

  constructor(
    private readonly plane: SignedPlane,
    private readonly url: string,
    private revision: string,
  ) {}

  /** Whether the pending call has been open long enough to count as waiting. */
  isWaiting(): boolean {
    return this.isReachable && this.askedAt !== 0 && performance.now() - this.askedAt > WAITS_AFTER_MS;
  }

  async keepUp(): Promise<void> {
    while (!this.isOver) {
      await this.poll().catch(() => {
        this.isReachable = false;
        this.pace.failed(performance.now() - this.askedAt);
      });
      this.askedAt = 0;
      await delay(this.pace.pauseMs);
    }
  }

  stop(): void {
    this.isOver = true;
  }

  /** The first poll after an outage returns immediately, so that the plane learns of changes at once. */
  private async poll(): Promise<void> {
    const wait = this.isReachable ? HEARTBEAT_SECONDS : 0;
    const query = new URLSearchParams({ since: this.revision, wait: String(wait) });
    const at = performance.now();
    this.askedAt = at;
    const answer = await send<Poll>(this.url, this.plane.sign('GET', `${PLANE_PATHS.desiredState}?${query}`));
    this.attempts.push({ at, status: answer.status });
    if (answer.status >= 300) throw new Error(`A poll got status ${answer.status}.`);
    this.isReachable = true;
    if (answer.status === 200) {
      this.revision = answer.body.revision;
      this.pace.succeeded();
    } else this.pace.heardNothing({ waitedMs: performance.now() - at, askedMs: wait * 1000 });
  }
}

const WAITS_AFTER_MS = 1000;
