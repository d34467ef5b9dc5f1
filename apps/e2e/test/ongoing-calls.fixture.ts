import { setTimeout as delay } from 'node:timers/promises';
import { type TestStack } from '@atlas/testing';

interface Check {
  readonly name: string;
  readonly ok: boolean;
}

/** The pause between two calls, which leaves the machine time for other work. */
const PACE_MS = 50;

/**
 * A user who keeps making two calls. The first reads rows. The second checks the connection to the Control
 * Plane, which requires a signed call between the planes.
 */
export class OngoingCalls {
  private isOver = false;
  private readonly failed: string[] = [];
  private count = 0;
  private running: Promise<void>;

  private constructor(
    private readonly stack: TestStack,
    private readonly session: string,
  ) {}

  static async begin(stack: TestStack): Promise<OngoingCalls> {
    const { session } = await stack.tenantWithAdmin('ongoing');
    const calls = new OngoingCalls(stack, session.token);
    await calls.callOnce();
    calls.running = calls.callOn();
    return calls;
  }

  async end(): Promise<{ readonly count: number; readonly failed: readonly string[] }> {
    this.isOver = true;
    await this.running;
    return { count: this.count, failed: this.failed };
  }

  private async callOn(): Promise<void> {
    while (!this.isOver) await Promise.all([this.callOnce(), delay(PACE_MS)]);
  }

  private async callOnce(): Promise<void> {
    const { session } = this;
    const [rows, way] = await Promise.all([
      this.stack.tenant('ongoing', '/api/incidents', { session }),
      this.stack.tenant<{ checks: Check[] }>('ongoing', '/api/integrations/control-plane', { session }),
    ]);
    this.count += 2;
    const signature = way.body.checks?.find(({ name }) => name === 'signature');
    if (rows.status !== 200) this.failed.push(JSON.stringify(rows.body));
    if (!signature?.ok) this.failed.push(JSON.stringify(way.body));
  }
}
