import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import {
  type BurnRateView,
  type SloSeriesQuery,
  type SloSeriesView,
  type SloStatusView,
} from '@atlas/tenant-api/slos';
import { Injectable } from '@nestjs/common';
import { sumsSince } from './buckets';
import { BURN_WINDOWS, BURN_WINDOW_NAMES, type Counts, burnRates, statusOf } from './error-budget';
import { DAY_MINUTES, MINUTE_MS, minuteOf } from './minutes';
import { existingSlo } from './slo-locks';
import { seriesOf } from './slo-series';
import { type Slo } from './slo.entity';

/** How much of its error budget an SLO has spent. */
@Injectable()
export class SloStatuses {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly clock: Clock,
  ) {}

  /** Throws `slo_not_found`. */
  status(tenantId: string, id: string): Promise<SloStatusView> {
    return this.tenants.read(tenantId, async (scope) => {
      const slo = await existingSlo(scope, id);
      const [status] = await statusesNow(scope, [slo], this.clock.now());
      if (!status) throw new Error('The status of the SLO was not computed.');
      return status;
    });
  }

  /** Throws `slo_not_found` and `validation_failed`. */
  series(tenantId: string, id: string, query: SloSeriesQuery): Promise<SloSeriesView> {
    return this.tenants.read(tenantId, async (scope) =>
      seriesOf(scope, await existingSlo(scope, id), query, this.clock.now()),
    );
  }
}

/** The burn rates now. */
export async function burnRatesNow(
  scope: TenantScope,
  slo: Slo,
  now: Date,
): Promise<readonly BurnRateView[]> {
  const sums = await sumsSince(scope, [slo.id], sincesOf(now));
  return ratesFrom(slo, sums.get(slo.id) ?? []);
}

/** The statuses of these SLOs, in their order. Sums up the events with one query for each window. */
export async function statusesNow(
  scope: TenantScope,
  slos: readonly Slo[],
  now: Date,
): Promise<readonly SloStatusView[]> {
  const sums = new Map<string, readonly Counts[]>();
  for (const windowDays of new Set(slos.map((slo) => slo.windowDays))) {
    const ids = slos.filter((slo) => slo.windowDays === windowDays).map(({ id }) => id);
    const minutes = [...sincesOf(now), since(now, windowDays * DAY_MINUTES)];
    for (const [id, counts] of await sumsSince(scope, ids, minutes)) sums.set(id, counts);
  }
  return slos.map((slo) => {
    const counts = sums.get(slo.id) ?? [];
    return statusOf(slo, counts.at(-1) ?? { good: 0, total: 0 }, ratesFrom(slo, counts));
  });
}

function sincesOf(now: Date): readonly number[] {
  return BURN_WINDOW_NAMES.map((window) => since(now, BURN_WINDOWS[window]));
}

/** The minute in which the last `minutes` begin. It counts completely. */
function since(now: Date, minutes: number): number {
  return minuteOf(new Date(now.getTime() - minutes * MINUTE_MS));
}

function ratesFrom(slo: Slo, sums: readonly Counts[]): readonly BurnRateView[] {
  return burnRates(slo, (window) => sums[BURN_WINDOW_NAMES.indexOf(window)] ?? { good: 0, total: 0 });
}
