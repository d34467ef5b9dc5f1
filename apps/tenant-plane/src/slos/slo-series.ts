import { type TenantScope } from '@atlas/persistence';
import { type DomainError, validationFailed } from '@atlas/platform';
import {
  MAX_SERIES_POINTS,
  type SloPointView,
  type SloSeriesQuery,
  type SloSeriesView,
} from '@atlas/tenant-api/slos';
import { type Counts, attainmentOf, remainingRatio } from './error-budget';
import { DAY_MINUTES, minuteOf, timeOf } from './minutes';
import { oldestKept } from './retention';
import { type Slo } from './slo.entity';

const DEFAULT_POINTS = 200;

/** From `from` until before `to`, in steps of `step`, all in minutes. */
interface Steps {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** The sums of buckets that enter the window of the objective in one step and leave it in another. */
interface Passage {
  readonly entered: number;
  readonly left_at: number;
  readonly good: number;
  readonly total: number;
}

const NEVER = -1;
const NOTHING: Counts = { good: 0, total: 0 };

/** Throws `validation_failed` if the range is empty or has too many steps. */
export async function seriesOf(
  scope: TenantScope,
  slo: Slo,
  query: SloSeriesQuery,
  now: Date,
): Promise<SloSeriesView> {
  const steps = stepsOf(slo, query, now);
  const points = pointsOf(slo, steps, await passages(scope, slo, steps), oldestKept(now));
  return { from: timeOf(steps.from), to: timeOf(steps.to), step: steps.step * 60, points };
}

function stepsOf({ windowDays }: Slo, query: SloSeriesQuery, now: Date): Steps {
  if ((query.step ?? 60) % 60 !== 0) throw refused('step', 'step must be a multiple of 60');
  // The current minute is part of the series, although it is not over yet.
  const latest = minuteOf(now) + 1;
  const to = query.to === undefined ? latest : Math.min(minuteOf(new Date(query.to)), latest);
  const from = query.from === undefined ? to - windowDays * DAY_MINUTES : minuteOf(new Date(query.from));
  if (from < 0) throw refused('from', 'from must not be before 1970');
  if (from >= to) throw refused('from', 'from must be before to, and not in the future');
  const step = query.step === undefined ? Math.ceil((to - from) / DEFAULT_POINTS) : query.step / 60;
  if (Math.ceil((to - from) / step) > MAX_SERIES_POINTS)
    throw refused('step', `the series would have more than ${MAX_SERIES_POINTS} steps: choose a longer step`);
  return { from, to, step };
}

function refused(field: string, message: string): DomainError {
  return validationFailed([{ field, message }]);
}

/**
 * Groups the buckets by the steps in which they enter and leave the window of the objective. With these, the
 * sums of all windows are exact to the minute, without a query for each of them.
 */
function passages({ manager, tenantId }: TenantScope, slo: Slo, steps: Steps): Promise<Passage[]> {
  const { from, to, step } = steps;
  const window = slo.windowDays * DAY_MINUTES;
  return manager.query<Passage[]>(
    `select entered, left_at, sum(good) as good, sum(total) as total from (
       select case when minute >= $1 then (minute - $1) / $2 else ${NEVER} end as entered,
         case when minute < $3 then (minute - $4) / $2 else ${NEVER} end as left_at, good, total
       from slo_buckets where minute >= $4 and tenant_id = $5 and slo_id = $6 and minute < $7) as bucket
     group by entered, left_at`,
    [from, step, to - window, from - window, tenantId, slo.id, to],
  );
}

function pointsOf(
  { objective, windowDays }: Slo,
  { from, to, step }: Steps,
  rows: readonly Passage[],
  oldest: number,
): SloPointView[] {
  const count = Math.ceil((to - from) / step);
  const [entering, leaving] = [new Map<number, Counts>(), new Map<number, Counts>()];
  for (const row of rows) {
    entering.set(row.entered, sum(row, entering.get(row.entered)));
    leaving.set(row.left_at, sum(row, leaving.get(row.left_at)));
  }
  let inWindow = entering.get(NEVER) ?? NOTHING;
  return Array.from({ length: count }, (_, index) => {
    const counts = entering.get(index) ?? NOTHING;
    inWindow = difference(sum(inWindow, counts), leaving.get(index));
    const begins = from + index * step;
    const windowBegins = Math.min(begins + step, to) - windowDays * DAY_MINUTES;
    return {
      at: timeOf(begins),
      ...counts,
      attainment: attainmentOf(counts),
      remaining_ratio: windowBegins >= oldest ? remainingRatio(inWindow, objective) : null,
    };
  });
}

function sum(a: Counts, b: Counts = NOTHING): Counts {
  return { good: a.good + b.good, total: a.total + b.total };
}

/** Rounded, because what Prometheus extrapolates is not exact: no events must be 0. */
function difference(a: Counts, b: Counts = NOTHING): Counts {
  return { good: rounded(a.good - b.good), total: rounded(a.total - b.total) };
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}
