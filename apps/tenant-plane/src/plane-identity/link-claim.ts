import { type Applied } from './applied';
import { type Fence } from './fence';

/**
 * What this process knows during one claim of the link's lease. It is discarded with the claim, because
 * another replica may apply, report or receive anything before this process's next claim.
 */
export class LinkClaim {
  /** The outcomes that have yet to be reported, by tenant. */
  readonly pending = new Map<string, Applied>();
  /** The epoch of the entries that were last reported on. Read it before reading an entry. */
  epoch: string | null = null;
  /** Whether the last turn reached the Control Plane. */
  isReachable = false;
  /** The number of failed turns in a row. */
  lostTurns = 0;
  private readonly ending = new AbortController();

  constructor(
    /** Null while the process does not have the lease. */
    readonly name: string | null,
    /**
     * Fences everything done under the claim, such as applying a response, reporting or transferring rows.
     */
    readonly fence: Fence,
  ) {}

  /** Aborted when the claim ends, because no one is waiting for its calls from then on. */
  get ended(): AbortSignal {
    return this.ending.signal;
  }

  end(): void {
    this.ending.abort();
  }
}
