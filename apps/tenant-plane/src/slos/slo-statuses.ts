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
      const { all, rates } = await measured(scope, slo, this.clock.now());
      return statusOf(slo, all, rates);
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
  const sums = await sumsSince(scope, slo.id, sincesOf(now));
  return ratesFrom(slo, sums);
}

async function measured(
  scope: TenantScope,
  slo: Slo,
  now: Date,
): Promise<{ readonly all: Counts; readonly rates: readonly BurnRateView[] }> {
  const sums = await sumsSince(scope, slo.id, [...sincesOf(now), since(now, slo.windowDays * DAY_MINUTES)]);
  return { all: sums.at(-1) ?? { good: 0, total: 0 }, rates: ratesFrom(slo, sums) };
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
