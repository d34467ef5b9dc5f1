import {
  type BurnRateView,
  type BurnSeverity,
  type SloState,
  type SloStatusView,
} from '@atlas/tenant-api/slos';
import { DAY_MINUTES } from './minutes';

/** Numbers of events. */
export interface Counts {
  readonly good: number;
  readonly total: number;
}

export interface Objective {
  readonly objective: number;
  readonly windowDays: number;
}

interface BurnRatePair {
  readonly severity: BurnSeverity;
  readonly long: BurnWindow;
  readonly short: BurnWindow;
  /** The percentage of the budget that may be spent within the long window. */
  readonly percent: number;
}

/** The windows of burn rates, in minutes. */
export const BURN_WINDOWS = { '5m': 5, '30m': 30, '1h': 60, '6h': 360, '3d': 4320 } as const;
export type BurnWindow = keyof typeof BURN_WINDOWS;
export const BURN_WINDOW_NAMES = Object.keys(BURN_WINDOWS) as BurnWindow[];

/** Multiwindow, multi-burn-rate alerts (Site Reliability Workbook, chapter 5). From most to least urgent. */
const PAIRS: readonly BurnRatePair[] = [
  { severity: 'page', long: '1h', short: '5m', percent: 2 },
  { severity: 'page', long: '6h', short: '30m', percent: 5 },
  { severity: 'ticket', long: '3d', short: '6h', percent: 10 },
];

/** The rate at which `percent` of the budget is spent within the long window. */
function factorOf({ long, percent }: BurnRatePair, windowDays: number): number {
  return rounded((percent * windowDays * DAY_MINUTES) / (100 * BURN_WINDOWS[long]));
}

/** How many times faster the budget is spent than the objective allows. 0 if there were no events. */
export function burnRate({ good, total }: Counts, objective: number): number {
  return total === 0 ? 0 : rounded((total - good) / total / (1 - objective));
}

export function burnRates(
  { objective, windowDays }: Objective,
  countsOf: (window: BurnWindow) => Counts,
): readonly BurnRateView[] {
  return PAIRS.map((pair) => {
    const { severity, long, short } = pair;
    const factor = factorOf(pair, windowDays);
    const longRate = burnRate(countsOf(long), objective);
    const shortRate = burnRate(countsOf(short), objective);
    const firing = longRate > factor && shortRate > factor;
    return { severity, long, short, factor, long_rate: longRate, short_rate: shortRate, firing };
  });
}

/** The most urgent severity of the rates that fire. */
export function firingSeverity(rates: readonly BurnRateView[]): BurnSeverity | null {
  return rates.find(({ firing }) => firing)?.severity ?? null;
}

export function attainmentOf({ good, total }: Counts): number | null {
  return total === 0 ? null : good / total;
}

/** The share of the budget that is left. 1 if there were no events, negative if the budget is overspent. */
export function remainingRatio({ good, total }: Counts, objective: number): number {
  return total === 0 ? 1 : rounded(1 - (total - good) / (total * (1 - objective)));
}

export function statusOf(
  { objective }: Objective,
  counts: Counts,
  rates: readonly BurnRateView[],
): SloStatusView {
  const { good, total } = counts;
  const remaining = remainingRatio(counts, objective);
  return {
    objective,
    good,
    total,
    attainment: attainmentOf(counts),
    budget: {
      total: rounded(total * (1 - objective)),
      spent: rounded(total - good),
      remaining_ratio: remaining,
    },
    burn_rates: rates,
    state: stateOf(total, remaining, rates),
  };
}

function stateOf(total: number, remaining: number, rates: readonly BurnRateView[]): SloState {
  if (total === 0) return 'no_data';
  if (remaining <= 0) return 'exhausted';
  return firingSeverity(rates) === null ? 'ok' : 'burning';
}

/**
 * Removes the errors of binary fractions: 1 - 0.9 is less than 0.1, so a rate of exactly 6 would exceed 6.
 * Adding 0 turns -0 into 0.
 */
function rounded(value: number): number {
  return Number(value.toFixed(9)) + 0;
}
