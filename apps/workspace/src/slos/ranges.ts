import { oneOf, textOf } from '@atlas/web';

export const RANGES = ['1h', '6h', '1d', 'window'] as const;
type Range = (typeof RANGES)[number];

/** What the address of an objective says about its charts. Both times: zoomed in. */
export interface RangeSearch {
  readonly range?: Range;
  readonly from?: string;
  readonly to?: string;
}

export function rangeSearchOf(search: Readonly<Record<string, unknown>>): RangeSearch {
  const [from, to] = [timeOf(search['from']), timeOf(search['to'])];
  const isZoomed = from !== undefined && to !== undefined && from < to;
  return {
    range: oneOf(RANGES, search['range']),
    from: isZoomed ? from : undefined,
    to: isZoomed ? to : undefined,
  };
}

function timeOf(given: unknown): string | undefined {
  const ms = Date.parse(textOf(given) ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const MINUTES: Readonly<Record<Exclude<Range, 'window'>, number>> = {
  '1h': 60,
  '6h': 360,
  '1d': DAY_MINUTES,
};

/** The longest window of burn rates. It must be known before the first time that is shown. */
const BEFORE_MINUTES = 3 * DAY_MINUTES;
/** All but the last divide an hour, so that the burn rate of an hour is exact. */
const STEPS = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120];
/** The API answers at most 2,000 steps. */
const MOST_STEPS = 1950;

/** What to ask the API for. */
interface Asked {
  readonly from: string;
  readonly to?: string;
  /** In seconds. */
  readonly step: number;
  /** Since when to show it, in milliseconds. */
  readonly shownFrom: number;
}

export function askedFor(
  { range = 'window', from, to }: RangeSearch,
  windowDays: number,
  now: number,
): Asked {
  const minutes = range === 'window' ? windowDays * DAY_MINUTES : MINUTES[range];
  // The current minute is part of the series, although it is not over yet.
  const end = to === undefined ? Math.floor(now / MINUTE_MS) + 1 : Math.floor(Date.parse(to) / MINUTE_MS);
  const shownFrom = from === undefined ? end - minutes : Date.parse(from) / MINUTE_MS;
  const length = end - shownFrom + BEFORE_MINUTES;
  const step = STEPS.find((one) => length / one <= MOST_STEPS) ?? DAY_MINUTES;
  // Whole steps until the end, so that what is shown last is exact.
  const start = end - Math.ceil(length / step) * step;
  return {
    from: new Date(start * MINUTE_MS).toISOString(),
    ...(to !== undefined && { to }),
    step: step * 60,
    shownFrom: shownFrom * MINUTE_MS,
  };
}
