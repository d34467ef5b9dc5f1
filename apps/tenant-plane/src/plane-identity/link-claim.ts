import { type Applied } from './applied';
import { type Fence } from './fence';

/**
 * What this process knows under one claim of the link's lease. It is void when the claim ends: before the
 * next one, another replica may have applied, reported or received anything.
 */
export class LinkClaim {
  /** By tenant, the outcomes that are yet to be reported. */
  readonly pending = new Map<string, Applied>();
  /** The epoch of the directory's entries, as last reported on. Read it before the entry. */
  epoch: string | null = null;
  /** Whether the last turn reached the Control Plane. */
  isReachable = false;
  /** Failed turns in a row. */
  lostTurns = 0;
  private readonly ending = new AbortController();

  constructor(
    /** Null while the process holds no lease. */
    readonly name: string | null,
    /** Fences everything done under the claim: handling an answer, a report, a transfer. */
    readonly fence: Fence,
  ) {}

  /** Aborted when the claim ends: no one waits for its calls any more. */
  get ended(): AbortSignal {
    return this.ending.signal;
  }

  end(): void {
    this.ending.abort();
  }
}
