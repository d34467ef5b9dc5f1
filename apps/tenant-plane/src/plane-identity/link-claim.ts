import { type Applied } from './applied';
import { type Fence } from './fence';

/**
 * What this process knows under one claim of the link's lease. It ends with the claim: before the next one,
 * another replica may have applied, reported and been told anything.
 */
export class LinkClaim {
  /** By tenant, what became of its entry and is not reported yet. */
  readonly pending = new Map<string, Applied>();
  /** The epoch of the directory's entries, as last reported on. Read it before the entry. */
  epoch: string | null = null;
  /** How the last turn went. */
  isReachable = false;
  /** Turns in a row that came to nothing. */
  lostTurns = 0;
  private readonly ending = new AbortController();

  constructor(
    /** Null while the process holds no lease. */
    readonly name: string | null,
    /** For all that comes of it: the answer to a question, a report, a transfer. */
    readonly fence: Fence,
  ) {}

  /** Aborted once it has ended: nobody waits for its calls any more. */
  get ended(): AbortSignal {
    return this.ending.signal;
  }

  end(): void {
    this.ending.abort();
  }
}
