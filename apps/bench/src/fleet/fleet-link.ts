import { setTimeout as delay } from 'node:timers/promises';
import { type DesiredState, HEARTBEAT_SECONDS, LinkPace, PLANE_PATHS } from '@atlas/plane-contract';
import { type HttpAnswer } from '../http/answer';
import { KeepAliveConnection } from '../http/keep-alive-connection';
import { jsonOf } from '../http/message';
import { type SimulatedPlane } from '../signed/simulated-plane';

/** Like a tenant plane, a link waits this much longer for a response than the Control Plane may take. */
const PATIENCE_MS = 10_000;

/** Where links note calls that failed, unless the link was cut. */
export interface Failures {
  readonly refused: string[];
  readonly unanswered: string[];
}

/**
 * A tenant plane's link: waits for changes, reports what it has applied, sends heartbeats, and calls again at
 * the pace of real links after it was cut. Reports use the connection of the poll, one after the other.
 */
export class FleetLink {
  /** When the last response arrived, and when the last report on an entry was accepted. */
  answeredAt = -Infinity;
  appliedAt = -Infinity;
  private connection?: KeepAliveConnection;
  private readonly pace = new LinkPace();
  private isReachable = false;
  private isCut = false;
  private isOver = false;
  private sequence = 0;
  private reportedAt = -Infinity;
  /** Applied, but not reported yet. */
  private unreported: DesiredState['tenants'] = [];
  private knownRevision: string;

  constructor(
    private readonly plane: SimulatedPlane,
    private readonly url: string,
    private readonly failures: Failures,
  ) {
    this.knownRevision = plane.revision;
  }

  get revision(): string {
    return this.knownRevision;
  }

  async keepUp(): Promise<void> {
    while (!this.isOver) {
      const startedAt = performance.now();
      await this.turn().catch((error: Error) => this.lose(error, performance.now() - startedAt));
      if (this.pace.pauseMs > 0) await delay(this.pace.pauseMs);
    }
  }

  /** Breaks the connection. The link calls again by itself. */
  cut(): void {
    this.isCut = true;
    this.connection?.cut();
  }

  stop(): void {
    this.isOver = true;
    this.connection?.close();
  }

  /** The first poll after the link was lost does not wait, so that missed changes arrive at once. */
  private async turn(): Promise<void> {
    const wait = this.isReachable ? HEARTBEAT_SECONDS : 0;
    const askedAt = performance.now();
    const query = new URLSearchParams({ since: this.knownRevision, wait: String(wait) });
    const path = `${PLANE_PATHS.desiredState}?${query}`;
    const answer = await this.call(() => this.plane.message('GET', path), PATIENCE_MS + wait * 1000);
    this.isReachable = true;
    this.answeredAt = performance.now();
    if (answer.status === 200) this.apply(jsonOf<DesiredState>(answer));
    else this.pace.heardNothing({ waitedMs: this.answeredAt - askedAt, askedMs: wait * 1000 });
    const silentMs = performance.now() - this.reportedAt;
    if (this.unreported.length > 0 || silentMs >= (HEARTBEAT_SECONDS - 1) * 1000) await this.report();
  }

  private apply({ revision, tenants }: DesiredState): void {
    this.knownRevision = revision;
    this.unreported = tenants;
    this.pace.succeeded();
  }

  private async report(): Promise<void> {
    const report = {
      revision: this.knownRevision,
      version: '0.1.0',
      usage: {},
      health: {},
      sequence: (this.sequence += 1),
      link_id: this.plane.id,
      tenants: this.unreported.map(({ tenant_id, entry_revision }) => {
        return { tenant_id, entry_revision, state: 'applied' };
      }),
    };
    const body = JSON.stringify(report);
    await this.call(() => this.plane.message('POST', PLANE_PATHS.report, body), PATIENCE_MS);
    this.reportedAt = performance.now();
    if (this.unreported.length > 0) this.appliedAt = this.reportedAt;
    this.unreported = [];
  }

  private async call(messageOf: () => string, timeoutMs: number): Promise<HttpAnswer> {
    const connection = (this.connection ??= await KeepAliveConnection.open(this.url));
    const timer = setTimeout(() => connection.cut(), timeoutMs);
    try {
      const answer = await connection.send(messageOf());
      if (answer.status === 200 || answer.status === 204) return answer;
      throw new Refused(`Status ${answer.status}: ${answer.body}`);
    } finally {
      clearTimeout(timer);
    }
  }

  private lose(error: Error, tookMs: number): void {
    if (this.isOver) return;
    if (error instanceof Refused) this.failures.refused.push(error.message);
    else if (!this.isCut) this.failures.unanswered.push(error.message);
    this.isCut = false;
    this.isReachable = false;
    this.connection?.close();
    this.connection = undefined;
    this.pace.failed(tookMs);
  }
}

class Refused extends Error {}
