import { type BurnRate, type Slo, type SloStatus } from './slo';

const MOST_DIGITS = 3;
const count = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const exact = new Intl.NumberFormat('en', { maximumFractionDigits: MOST_DIGITS });
const rough = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function countOf(value: number): string {
  return count.format(value);
}

/** Such as "14.4×". */
export function rateOf(value: number): string {
  return `${short.format(value)}×`;
}

/** 0.999 as "99.9". Shifts the point in the text, because `0.999 * 100` is not exact. */
export function percentOf(ratio: number): string {
  return exact.format(Number(`${ratio}e2`));
}

/** "99.9" as 0.999, or NaN. */
export function ratioOf(percent: string): number {
  const text = percent.trim().replace(',', '.');
  return /^\d+(\.\d+)?$/.test(text) ? Number(`${text}e-2`) : Number.NaN;
}

/** A share of the budget, for which a digit is enough. */
export function shareOf(ratio: number): string {
  return `${rough.format(ratio * 100)} %`;
}

/** Rounded down, so that a broken promise never looks kept. */
export function attainmentOf({ attainment }: SloStatus): string {
  if (attainment === null) return '–';
  return `${exact.format(Math.floor(attainment * 1e5) / 1e3)} %`;
}

export function objectiveOf({ objective, window_days: days }: Slo): string {
  return `${percentOf(objective)} % in ${days} days`;
}

export function budgetTextOf({ budget: { remaining_ratio: left }, total }: SloStatus): string {
  if (total === 0) return 'no events';
  return left < 0 ? `${shareOf(-left)} over` : `${shareOf(left)} left`;
}

/** The rate that is closest to opening an incident, or furthest above that. */
export function fastestOf({ burn_rates: rates }: SloStatus): BurnRate | undefined {
  return [...rates].sort((one, other) => other.long_rate / other.factor - one.long_rate / one.factor)[0];
}
