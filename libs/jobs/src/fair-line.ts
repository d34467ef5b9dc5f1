/** Work of a tenant that waits for its turn in this process. */
export interface WaitingWork {
  readonly tenantId: string;
  readonly id: string;
}

interface Limits {
  /** How much work may be under way at the same time. */
  readonly atOnce: number;
  /** How much of it may belong to the same tenant. */
  readonly ofOneTenant: number;
  /** How much work of a tenant may wait. The rest must be offered again later. */
  readonly waiting: number;
}

/** Work that waits for its turn. Tenants take turns, and none can use all places. */
export class FairLine {
  private readonly lines = new Map<string, Set<string>>();
  private readonly underWay = new Map<string, number>();
  private taken = 0;

  constructor(private readonly limits: Limits) {}

  join({ tenantId, id }: WaitingWork): void {
    const line = this.lines.get(tenantId) ?? new Set();
    if (line.size < this.limits.waiting) this.lines.set(tenantId, line.add(id));
  }

  /** The next work that may begin. Call `leave` when it has ended. */
  next(): WaitingWork | undefined {
    if (this.taken === this.limits.atOnce) return undefined;
    for (const [tenantId, line] of this.lines) {
      if (this.countOf(tenantId) === this.limits.ofOneTenant) continue;
      const [id] = line;
      // The tenant goes to the end of the line of tenants.
      this.lines.delete(tenantId);
      if (id === undefined) continue;
      line.delete(id);
      if (line.size > 0) this.lines.set(tenantId, line);
      this.count(tenantId, 1);
      return { tenantId, id };
    }
    return undefined;
  }

  leave({ tenantId }: WaitingWork): void {
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
