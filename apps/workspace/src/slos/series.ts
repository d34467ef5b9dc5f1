import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, every } from '../api';
import { type RangeSearch, askedFor } from './ranges';
import { type BurnRate, type Slo } from './slo';

type Answer = TenantPlaneSchemas['schemas']['SloSeriesView'];
type Point = Answer['points'][number];

const REFRESH_MS = 60_000;
const MOST_BARS = 60;
const UNIT_MINUTES: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1440 };

interface Shown {
  readonly answer: Answer;
  readonly shownFrom: number;
}

export function sloSeries({ id, window_days: days }: Slo, range: RangeSearch) {
  return queryOptions({
    queryKey: ['slos', 'series', id, days, range],
    queryFn: async (): Promise<Shown> => {
      const { shownFrom, ...query } = askedFor(range, days, Date.now());
      const answer = await bodyOf(api.GET('/api/slos/{id}/series', { params: { path: { id }, query } }));
      return { answer, shownFrom };
    },
    placeholderData: keepPreviousData,
    refetchInterval: range.to === undefined ? every(REFRESH_MS) : false,
  });
}

/** How fast the budget was spent, over one of the long windows. */
interface Burn {
  readonly long: string;
  readonly factor: number;
  /** Null where the steps are too long to tell. */
  readonly rates: readonly (number | null)[];
}

/** What the charts show. Times are the ends of the steps, in seconds. */
export interface Series {
  readonly times: readonly number[];
  /** In percent. */
  readonly remaining: readonly (number | null)[];
  readonly burns: readonly Burn[];
  readonly groups: readonly Group[];
}

/** Several steps, for bars and for the table. */
interface Group {
  /** When it ends, in seconds. */
  readonly end: number;
  readonly good: number;
  readonly total: number;
  readonly remaining: number | null;
  readonly rates: readonly (number | null)[];
}

export function seriesOf(
  { answer, shownFrom }: Shown,
  rates: readonly BurnRate[],
  objective: number,
): Series {
  const { points, step } = answer;
  const first = Math.max(
    0,
    points.findIndex(({ at }) => Date.parse(at) + step * 1000 > shownFrom),
  );
  const shown = points.slice(first);
  const times = shown.map(({ at }) => Date.parse(at) / 1000 + step);
  const remaining = shown.map(({ remaining_ratio: left }) => (left === null ? null : left * 100));
  const burns = rates.map(({ long, factor }) => ({
    long,
    factor,
    rates: ratesOf(points, Math.round((minutesOf(long) * 60) / step), objective).slice(first),
  }));
  const size = Math.max(1, Math.ceil(shown.length / MOST_BARS));
  const groups: Group[] = [];
  // From the end, so that the last group is complete.
  for (let last = shown.length; last > 0; last -= size) {
    const part = shown.slice(Math.max(0, last - size), last);
    groups.unshift({
      end: times[last - 1] ?? 0,
      good: sumOf(part, 'good'),
      total: sumOf(part, 'total'),
      remaining: remaining[last - 1] ?? null,
      rates: burns.map(({ rates: values }) => values[last - 1] ?? null),
    });
  }
  return { times, remaining, burns, groups };
}

function sumOf(points: readonly Point[], name: 'good' | 'total'): number {
  return points.reduce((sum, point) => sum + point[name], 0);
}

/** "6h" in minutes. */
function minutesOf(window: string): number {
  return Number.parseInt(window, 10) * (UNIT_MINUTES[window.slice(-1)] ?? 1);
}

/** The burn rate over the last steps, at the end of every step. */
function ratesOf(points: readonly Point[], steps: number, objective: number): (number | null)[] {
  if (steps < 1) return points.map(() => null);
  let [bad, total] = [0, 0];
  return points.map((point, index) => {
    const leaving = points[index - steps];
    bad += point.total - point.good - (leaving ? leaving.total - leaving.good : 0);
    total += point.total - (leaving?.total ?? 0);
    return total === 0 ? 0 : bad / total / (1 - objective);
  });
}
