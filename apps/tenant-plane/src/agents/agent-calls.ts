import { Signals, TenantDatabase, type TenantScope, Wakes, lockedForUpdate } from '@atlas/persistence';
import { Clock, DomainError, currentContext } from '@atlas/platform';
import {
  type ClaimView,
  HeartbeatDto,
  type HeartbeatView,
  ResultDto,
  type ResultView,
} from '@atlas/tenant-api/agents';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { keyRefused } from '../access/claimed-key';
import { OneByOne } from '../access/one-by-one';
import { type ClaimedKey } from '../access/tenant-request';
import { topicOfQueue } from '../automation/run-store';
import { type LeaseHolder, StepLeases } from '../automation/step-leases';
import { accepts, presents } from '../credentials/previous-keys';
import { hashToken } from '../credentials/tenant-token';
import { requireStanding } from '../tenancy/tenant-standing';
import { type Tenant } from '../tenancy/tenant.entity';
import { Agent, labelsOf } from './agent.entity';
import { requireLabels } from './agents';
import { WaitingClaims } from './waiting-claims';

/** How often a waiting claim looks for steps that another process of the plane has queued. */
const LOOK_SECONDS = 2;
/** How many calls of an agent may wait for each other. */
const MAX_WAITING = 20;

type Work<T> = (scope: TenantScope, holder: LeaseHolder, tenant: Tenant) => Promise<T>;

/** What agents ask for. Each call proves its key in the transaction that relies on it. */
@Injectable()
export class AgentCalls implements BeforeApplicationShutdown {
  private readonly closing = new AbortController();
  private readonly line = new OneByOne({ maxWaiting: MAX_WAITING, full: tooManyCalls });
  private readonly claims = new WaitingClaims();

  constructor(
    private readonly tenants: TenantDatabase,
    private readonly leases: StepLeases,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {}

  beforeApplicationShutdown(): void {
    this.closing.abort();
  }

  /** Throws `invalid_labels`. */
  async heartbeat(
    key: ClaimedKey,
    { version, hostname, labels = {}, leases }: HeartbeatDto,
  ): Promise<HeartbeatView> {
    requireLabels(labels);
    return this.by(key, async (scope, holder, { movingTo }) => {
      await scope.update(Agent, { id: holder.agentId }, { version, hostname, reportedLabels: labels });
      await this.leases.extend(scope, holder, leases);
      return { agent_id: holder.agentId, next_url: movingTo === null ? null : new URL(movingTo).origin };
    });
  }

  /**
   * Waits without a transaction. Null if no step came within `seconds`, or if the caller has gone. Throws
   * `too_many_claims`.
   */
  claim(key: ClaimedKey, seconds: number, gone: AbortSignal): Promise<ClaimView | null> {
    const claim = (): Promise<ClaimView | null> => this.claimWithin(key, seconds, gone);
    return seconds === 0 ? claim() : this.claims.during(key.token, claim);
  }

  /** Throws `lease_lost` and `output_gap`. */
  report(key: ClaimedKey, dto: ResultDto): Promise<ResultView> {
    return this.by(key, (scope, holder) => this.leases.report(scope, holder, dto));
  }

  private async claimWithin(key: ClaimedKey, seconds: number, gone: AbortSignal): Promise<ClaimView | null> {
    const ended = AbortSignal.any([gone, this.closing.signal]);
    const until = this.clock.monotonicMs() + seconds * 1000;
    for (;;) {
      const left = (until - this.clock.monotonicMs()) / 1000;
      // Subscribes first, so that no step is missed.
      const wakes = new Wakes(this.signals, topicOfQueue(key.tenantId), Math.min(left, LOOK_SECONDS), ended);
      try {
        const step = await this.by(key, (scope, holder) => this.leases.claim(scope, holder));
        if (step || left <= 0) return step;
        await wakes.next();
        if (ended.aborted) return null;
      } finally {
        wakes.stop();
      }
    }
  }

  /**
   * Locks the agent, so that a rotation or a deletion waits for this call, and admits no later one. Calls of
   * one agent wait for each other here, because those that wait for the lock occupy connections that all
   * tenants need. Throws `too_many_calls`.
   */
  private by<T>(key: ClaimedKey, work: Work<T>): Promise<T> {
    return this.line.run(key.token, () => this.proven(key, work));
  }

  private proven<T>(key: ClaimedKey, work: Work<T>): Promise<T> {
    return this.tenants.write(key.tenantId, async (scope) => {
      const tenant = await requireStanding(scope);
      const keyHash = hashToken(key.token);
      const query = scope.query(Agent, 'agent').andWhere(...presents('agent', keyHash));
      const agent = await lockedForUpdate(query).getOne();
      if (!agent || !accepts(agent, keyHash, this.clock.now())) throw keyRefused();
      const context = currentContext();
      if (context) context.actor = { kind: 'agent', id: agent.id };
      await scope.update(Agent, { id: agent.id }, { lastContactAt: this.clock.now() });
      return work(scope, { agentId: agent.id, labels: labelsOf(agent) }, tenant);
    });
  }
}

function tooManyCalls(): DomainError {
  const detail = 'Too many calls with this key are waiting. Send one call after another.';
  return new DomainError('too_many_calls', 'too_many', detail, {}, { 'retry-after': '1' });
}
