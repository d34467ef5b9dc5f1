import { type SignedUpTenant } from './signed-up-tenant';

/** How many requests may be waiting. A slow plane gets fewer writes, rather than a growing queue. */
const MAX_PENDING = 8;

/** Reports incidents at a steady rate, until it is stopped. */
export class SteadyWrites {
  readonly acknowledged: string[] = [];
  readonly failures: string[] = [];
  private readonly pending = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private count = 0;

  constructor(
    private readonly tenant: SignedUpTenant,
    private readonly word: string,
    aSecond: number,
  ) {
    this.timer = setInterval(() => this.begin(), 1000 / aSecond);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.pending);
  }

  private begin(): void {
    if (this.pending.size >= MAX_PENDING) return;
    const written = this.write().finally(() => this.pending.delete(written));
    this.pending.add(written);
  }

  private async write(): Promise<void> {
    const title = `${this.word} ${(this.count += 1)}`;
    try {
      const body = { title, severity: 'P4' };
      const { id } = await this.tenant.ask<{ id: string }>('/api/incidents', body);
      this.acknowledged.push(id);
    } catch (error) {
      this.failures.push((error as Error).message);
    }
  }
}
