/** A run whose http step waits for this process. */
export interface WaitingRun {
  readonly tenantId: string;
  readonly runId: string;
}

interface Limits {
  /** How many runs may be under way at the same time. */
  readonly atOnce: number;
  /** How many of these may belong to the same tenant. */
  readonly ofOneTenant: number;
  /** How many runs of a tenant may wait. The others are not lost, because they are offered again later. */
  readonly waiting: number;
}

/** Runs that wait for their turn. Tenants take turns, and none can use all places. */
export class FairLine {
  private readonly lines = new Map<string, Set<string>>();
  private readonly underWay = new Map<string, number>();
  private taken = 0;

  constructor(private readonly limits: Limits) {}

  join({ tenantId, runId }: WaitingRun): void {
    const line = this.lines.get(tenantId) ?? new Set();
    if (line.size < this.limits.waiting) this.lines.set(tenantId, line.add(runId));
  }

  /** The next run that may begin. Call `leave` when it has ended. */
  next(): WaitingRun | undefined {
    if (this.taken === this.limits.atOnce) return undefined;
    for (const [tenantId, line] of this.lines) {
      if (this.countOf(tenantId) === this.limits.ofOneTenant) continue;
      const [runId] = line;
      // The tenant goes to the end of the line of tenants.
      this.lines.delete(tenantId);
      if (runId === undefined) continue;
      line.delete(runId);
      if (line.size > 0) this.lines.set(tenantId, line);
      this.count(tenantId, 1);
      return { tenantId, runId };
    }
    return undefined;
  }

  leave({ tenantId }: WaitingRun): void {
    this.count(tenantId, -1);
  }

  private count(tenantId: string, change: number): void {
    const count = this.countOf(tenantId) + change;
    this.taken += change;
    if (count === 0) this.underWay.delete(tenantId);
    else this.underWay.set(tenantId, count);
  }

  private countOf(tenantId: string): number {
    return this.underWay.get(tenantId) ?? 0;
  }
}
