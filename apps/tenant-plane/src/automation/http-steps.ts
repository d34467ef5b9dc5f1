import { type WaitingWork } from '@atlas/jobs';
import { Signals, TenantDatabase, Wakes } from '@atlas/persistence';
import { Clock, newTraceId, runInContext } from '@atlas/platform';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { MAX_HTTP_SECONDS } from '../runbooks/runbook-definition';
import { requireStanding } from '../tenancy/tenant-standing';
import { HttpCall, type HttpOutcome } from './http-call';
import { HttpLine } from './http-line';
import { OwnLeases } from './own-leases';
import { RunStep } from './run-step.entity';
import { topicOfRun } from './run-store';
import { type HandedStep } from './step-secrets';

/** How often a request under way is checked, in case another process has cancelled its run. */
const LOOK_SECONDS = 2;
/** How long requests may take to end when the process shuts down. */
const SHUTDOWN_MS = 5000;

interface Leased extends WaitingWork {
  readonly step: RunStep;
  readonly handed: HandedStep;
}

/**
 * Sends the requests of http steps. A step is leased and committed as `running` before its request is sent,
 * so it is never sent twice. No transaction is open while a server is asked.
 */
@Injectable()
export class HttpSteps implements BeforeApplicationShutdown {
  private readonly logger = new Logger(HttpSteps.name);
  private readonly running = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private isClosing = false;

  constructor(
    private readonly tenants: TenantDatabase,
    private readonly line: HttpLine,
    private readonly leases: OwnLeases,
    private readonly calls: HttpCall,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {
    line.onJoin(() => this.serve());
  }

  /** Lets requests end, and aborts those that do not. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    const late = setTimeout(() => this.closing.abort(), SHUTDOWN_MS);
    await this.settled();
    clearTimeout(late);
  }

  /** Resolves when all steps under way have ended. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private serve(): void {
    for (let run = this.next(); run; run = this.next()) this.begin(run);
  }

  private next(): WaitingWork | undefined {
    return this.isClosing ? undefined : this.line.runs.next();
  }

  private begin(run: WaitingWork): void {
    const { tenantId } = run;
    const work = runInContext({ traceId: newTraceId(), tenantId }, () => this.attendTo(run));
    this.running.add(work);
    void work.finally(() => {
      this.running.delete(work);
      this.line.runs.leave(run);
      this.serve();
    });
  }

  /** If the lease cannot be committed, or nobody knows whether it was, nothing is sent. */
  private async attendTo(run: WaitingWork): Promise<void> {
    try {
      const leased = await this.lease(run);
      if (leased) await this.send(leased);
    } catch (error) {
      this.logger.warn(`Could not attend to the http step of run ${run.id}: ${(error as Error).message}`);
    }
  }

  private lease(run: WaitingWork): Promise<Leased | null> {
    return this.tenants.write(run.tenantId, async (scope) => {
      await requireStanding(scope);
      const begun = await this.leases.begin(scope, run.id);
      return begun && { ...run, ...begun };
    });
  }

  private async send(leased: Leased): Promise<void> {
    const { step, handed } = leased;
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.closing.signal]);
    const keeping = this.keep(leased, ended);
    const seconds = Math.min(step.timeoutSeconds, MAX_HTTP_SECONDS);
    const outcome = await this.calls.send(handed, seconds, signal);
    ended.abort();
    await this.record({ ...leased, step: await keeping }, outcome);
  }

  /** Extends the lease while the request is under way, and aborts the request once the lease is lost. */
  private async keep(leased: Leased, ended: AbortController): Promise<RunStep> {
    let { step } = leased;
    while (!ended.signal.aborted) {
      await this.wait(leased, ended.signal);
      if (ended.signal.aborted) break;
      const held = await this.extended({ ...leased, step });
      if (held) step = held;
      else ended.abort();
    }
    return step;
  }

  /** The step with its lease. Null if the lease is lost. */
  private async extended({ tenantId, step }: Leased): Promise<RunStep | null> {
    try {
      const held = await this.tenants.read(tenantId, (scope) => this.leases.held(scope, step));
      if (!held || !this.leases.isLapsing(held)) return held;
      return await this.tenants.write(tenantId, async (scope) => {
        await requireStanding(scope);
        return this.leases.extend(scope, step);
      });
    } catch {
      // The database cannot be reached, or the tenant is about to move.
      return this.isExpired(step) ? null : step;
    }
  }

  /** Tries again as long as the lease lasts, because a move may be called off, for example. */
  private async record(leased: Leased, outcome: HttpOutcome): Promise<void> {
    for (;;) {
      try {
        return await this.tenants.write(leased.tenantId, async (scope) => {
          await requireStanding(scope);
          await this.leases.end(scope, leased.step, outcome);
        });
      } catch (error) {
        if (this.isClosing || this.isExpired(leased.step)) throw error;
      }
      await this.wait(leased, this.closing.signal);
    }
  }

  private isExpired({ leaseExpiresAt }: RunStep): boolean {
    return leaseExpiresAt === null || leaseExpiresAt <= this.clock.now();
  }

  private async wait({ id }: WaitingWork, ended: AbortSignal): Promise<void> {
    const wakes = new Wakes(this.signals, topicOfRun(id), LOOK_SECONDS, ended);
    await wakes.next();
    wakes.stop();
  }
}
