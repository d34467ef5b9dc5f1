import { isDeepStrictEqual } from 'node:util';
import { FairLine, type WaitingWork } from '@atlas/jobs';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, DomainError, newTraceId, runInContext } from '@atlas/platform';
import { type PrometheusIndicator } from '@atlas/tenant-api/slos';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { requireStanding } from '../tenancy/tenant-standing';
import { addToBucket } from './buckets';
import { type Counts } from './error-budget';
import { minuteOf } from './minutes';
import { PrometheusCounts, type PrometheusSource, UnknownCounts } from './prometheus-counts';
import { SloCredentials, type SloHeaders } from './slo-credentials';
import { SloEpisodes } from './slo-episodes';
import { lockedSlo } from './slo-locks';
import { Slo } from './slo.entity';

/** How many SLOs are measured at once, or wait. A server may take long. Each SLO is due every minute. */
const LIMITS = { atOnce: 32, ofOneTenant: 4, waiting: 1000 };
/** How long Prometheus may take to store what happened in a minute. */
const SETTLING_MS = 15_000;
/** How many minutes that were missed are asked for later. */
const CATCH_UP_MINUTES = 60;

/** What one round asks for: the state of the SLO when it began, and the minutes that have ended. */
interface Round {
  readonly slo: Slo;
  readonly indicator: PrometheusIndicator;
  readonly first: number;
  readonly last: number;
}

/**
 * Counts events with Prometheus, minute by minute. No transaction is open while a server is asked. A minute
 * is stored together with the mark that it was asked for, so neither a restart nor another replica misses or
 * doubles it.
 */
@Injectable()
export class SloMeasurements implements BeforeApplicationShutdown {
  private readonly logger = new Logger(SloMeasurements.name);
  private readonly running = new Map<string, Promise<void>>();
  private readonly line = new FairLine(LIMITS);
  private readonly closing = new AbortController();

  constructor(
    private readonly tenants: TenantDatabase,
    private readonly counts: PrometheusCounts,
    private readonly credentials: SloCredentials,
    private readonly episodes: SloEpisodes,
    private readonly clock: Clock,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.closing.abort();
    await this.settled();
  }

  /** Resolves when all that was started has ended. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  /** Asks for all minutes that are missing, unless this process is doing so already. */
  start(tenantId: string, id: string): void {
    if (this.running.has(keyOf({ tenantId, id }))) return;
    this.line.join({ tenantId, id });
    this.serve();
  }

  private serve(): void {
    for (let slo = this.next(); slo; slo = this.next()) this.begin(slo);
  }

  private next(): WaitingWork | undefined {
    return this.closing.signal.aborted ? undefined : this.line.next();
  }

  private begin(slo: WaitingWork): void {
    const { tenantId } = slo;
    const work = runInContext({ traceId: newTraceId(), tenantId }, () => this.attempt(slo));
    this.running.set(keyOf(slo), work);
    void work.finally(() => {
      this.running.delete(keyOf(slo));
      this.line.leave(slo);
      this.serve();
    });
  }

  private async attempt({ tenantId, id }: WaitingWork): Promise<void> {
    try {
      await this.measure(tenantId, id);
    } catch (error) {
      if (this.closing.signal.aborted) return;
      this.logger.warn(`Could not measure the SLO ${id}, trying again: ${(error as Error).message}`);
    }
  }

  private async measure(tenantId: string, id: string): Promise<void> {
    const where = { id, deletedAt: IsNull() };
    const round = this.roundOf(await this.tenants.read(tenantId, (scope) => scope.findOne(Slo, where)));
    if (!round) return;
    const headers = await this.headersFor(tenantId, round);
    if (headers instanceof UnknownCounts) return this.storeError(tenantId, round, headers);
    const ask = (minute: number): Promise<Counts | UnknownCounts> =>
      this.ask({ indicator: round.indicator, headers }, minute);
    let isNewestKnown: boolean | undefined;
    for (let minute = round.first; minute <= round.last; minute += 1) {
      const counted = await ask(minute);
      if (!(counted instanceof UnknownCounts)) {
        if (!(await this.store(tenantId, round, minute, counted))) return;
        continue;
      }
      // A gap in the middle is left out once a later minute is known. Otherwise, it is asked for again.
      isNewestKnown ??= counted.concernsMinute && !((await ask(round.last)) instanceof UnknownCounts);
      if (isNewestKnown && minute < round.last) continue;
      return this.storeError(tenantId, round, counted);
    }
  }

  private roundOf(slo: Slo | null): Round | undefined {
    if (!slo) return undefined;
    const { indicator, askedUntil } = slo;
    const last = minuteOf(new Date(this.clock.now().getTime() - SETTLING_MS)) - 1;
    const first = Math.max(askedUntil ?? last, last - CATCH_UP_MINUTES + 1);
    return indicator.kind === 'prometheus' && first <= last ? { slo, indicator, first, last } : undefined;
  }

  private headersFor(
    tenantId: string,
    { slo: { id }, indicator: { url } }: Round,
  ): Promise<SloHeaders | UnknownCounts> {
    return this.tenants
      .read(tenantId, (scope) => this.credentials.of(scope, id, url))
      .catch((error: unknown) => {
        if (error instanceof DomainError) return new UnknownCounts(error.code, error.message);
        throw error;
      });
  }

  private async ask(source: PrometheusSource, minute: number): Promise<Counts | UnknownCounts> {
    try {
      return await this.counts.in(minute, source, this.closing.signal);
    } catch (error) {
      if (error instanceof UnknownCounts && !this.closing.signal.aborted) return error;
      throw error;
    }
  }

  /** Returns whether the minute was still missing. */
  private store(tenantId: string, round: Round, minute: number, counts: Counts): Promise<boolean> {
    return this.write(tenantId, round, minute, async (scope, slo, now) => {
      await addToBucket(scope, slo.id, minute, counts);
      const isUpToDate = minute === round.last;
      const { firing, incidentId } = isUpToDate ? await this.episodes.follow(scope, slo, now) : slo;
      const changes = { firing, incidentId, askedUntil: minute + 1, indicatorError: null };
      await scope.update(Slo, { id: slo.id }, changes);
    });
  }

  private async storeError(tenantId: string, round: Round, { code, message }: UnknownCounts): Promise<void> {
    await this.write(tenantId, round, round.last, async (scope, { id }, now) => {
      await scope.update(Slo, { id }, { indicatorError: { code, detail: message, at: now.toISOString() } });
    });
  }

  /** Does nothing and returns false if the indicator has changed, or if the minute is known meanwhile. */
  private write(
    tenantId: string,
    round: Round,
    minute: number,
    work: (scope: TenantScope, slo: Slo, now: Date) => Promise<void>,
  ): Promise<boolean> {
    return this.tenants.write(tenantId, async (scope) => {
      await requireStanding(scope);
      const slo = await lockedSlo(scope, round.slo.id, 'update');
      if (!isDeepStrictEqual(slo.indicator, round.indicator) || (slo.askedUntil ?? 0) > minute) return false;
      await work(scope, slo, this.clock.now());
      return true;
    });
  }
}

/** An imported SLO has the ID of the one that was exported, which another tenant may still have. */
function keyOf({ tenantId, id }: WaitingWork): string {
  return `${tenantId} ${id}`;
}
