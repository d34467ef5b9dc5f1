import { type BurnRateView } from '@atlas/tenant-api/slos';
import {
  BURN_WINDOWS,
  type BurnWindow,
  type Counts,
  burnRate,
  burnRates,
  firingSeverity,
  statusOf,
} from './error-budget';

const MILLION: Counts = { good: 1_000_000, total: 1_000_000 };
const withBad = (bad: number, total = 1_000_000): Counts => ({ good: total - bad, total });
const objectiveOf = (objective: number, windowDays = 30) => ({ objective, windowDays });

/** The rates if these shares of events were bad in these windows, and none in the others. */
const ratesWith = (
  shares: Partial<Record<BurnWindow, number>>,
  { objective = 0.999, windowDays = 30 } = {},
): readonly BurnRateView[] =>
  burnRates({ objective, windowDays }, (window) => withBad(Math.round((shares[window] ?? 0) * 1e6)));
const fired = (rates: readonly BurnRateView[]) => rates.map(({ firing }) => firing);

describe('burn rates', () => {
  it('have the windows and factors of the Site Reliability Workbook at 30 days', () => {
    expect(ratesWith({}).map(({ severity, long, short, factor }) => [severity, long, short, factor])).toEqual(
      [
        ['page', '1h', '5m', 14.4],
        ['page', '6h', '30m', 6],
        ['ticket', '3d', '6h', 1],
      ],
    );
  });

  it.each([
    [7, [3.36, 1.4, 0.233333333]],
    [28, [13.44, 5.6, 0.933333333]],
    [90, [43.2, 18, 3]],
  ])('have factors that spend the same share of the budget at %i days', (windowDays, factors) => {
    expect(ratesWith({}, { windowDays }).map(({ factor }) => factor)).toEqual(factors);
  });

  /** The Workbook's table of burn rates and error rates for an objective of 99.9 % over 30 days. */
  it.each([
    [1, 0.001],
    [2, 0.002],
    [10, 0.01],
    [1000, 1],
  ])('are %d at 99.9 %% if the share of bad events is %d', (rate, share) => {
    expect(burnRate(withBad(share * 1_000_000), 0.999)).toBe(rate);
  });

  it.each([0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999])(
    'are exactly 1 at an objective of %d if the budget is spent evenly',
    (objective) => {
      const total = 10_000_000;
      expect(burnRate(withBad(Math.round(total * (1 - objective)), total), objective)).toBe(1);
    },
  );

  it('are 0 without events', () => {
    expect(burnRate({ good: 0, total: 0 }, 0.999)).toBe(0);
  });

  it.each<[string, Partial<Record<BurnWindow, number>>, boolean[]]>([
    ['only the long window exceeds the factor', { '1h': 0.02 }, [false, false, false]],
    ['only the short window exceeds the factor', { '5m': 0.02 }, [false, false, false]],
    ['both windows equal the factor', { '1h': 0.0144, '5m': 0.0144 }, [false, false, false]],
    ['both windows exceed the factor', { '1h': 0.014401, '5m': 0.014401 }, [true, false, false]],
    ['5 % of the budget is spent in 6 h', { '6h': 0.006001, '30m': 0.006001 }, [false, true, false]],
    ['6 h equal the factor', { '6h': 0.006, '30m': 0.006 }, [false, false, false]],
    ['10 % of the budget is spent in 3 d', { '3d': 0.001001, '6h': 0.001001 }, [false, false, true]],
    ['3 d equal the factor', { '3d': 0.001, '6h': 0.001 }, [false, false, false]],
  ])('fire or not if %s', (_, shares, expected) => {
    expect(fired(ratesWith(shares))).toEqual(expected);
  });

  it.each([0.9, 0.95, 0.99, 0.999])('do not fire at a rate that equals the factor at %d', (objective) => {
    const share = 6 * (1 - objective);
    expect(fired(ratesWith({ '6h': share, '30m': share }, { objective }))).toEqual([false, false, false]);
  });

  it('fire with the most urgent severity', () => {
    const all = Object.fromEntries(Object.keys(BURN_WINDOWS).map((window) => [window, 1]));
    expect(firingSeverity(ratesWith(all))).toBe('page');
    expect(firingSeverity(ratesWith({ '3d': 1, '6h': 1 }))).toBe('ticket');
    expect(firingSeverity(ratesWith({}))).toBeNull();
  });
});

describe(statusOf, () => {
  const status = (counts: Counts, objective = 0.999, rates: readonly BurnRateView[] = ratesWith({})) =>
    statusOf(objectiveOf(objective), counts, rates);

  it('knows neither an attainment nor a budget without events', () => {
    expect(status({ good: 0, total: 0 })).toMatchObject({
      attainment: null,
      budget: { total: 0, spent: 0, remaining_ratio: 1 },
      state: 'no_data',
    });
  });

  it('has the whole budget if all events are good', () => {
    const budget = { total: 1000, spent: 0, remaining_ratio: 1 };
    expect(status(MILLION)).toMatchObject({ attainment: 1, budget, state: 'ok' });
  });

  it.each([
    [250, 0.75, 'ok'],
    [999, 0.001, 'ok'],
    [1000, 0, 'exhausted'],
    [1001, -0.001, 'exhausted'],
    [3000, -2, 'exhausted'],
    [1_000_000, -999, 'exhausted'],
  ])('of 1,000 allowed bad events, %i leave %d of the budget: %s', (spent, remaining_ratio, state) => {
    const attainment = 1 - spent / 1_000_000;
    const counted = status(withBad(spent));
    expect(counted).toMatchObject({ budget: { total: 1000, spent, remaining_ratio }, state });
    expect(counted.attainment).toBeCloseTo(attainment, 12);
  });

  it('has exactly nothing left of a budget of one event after that event', () => {
    for (const [total, objective] of [
      [10, 0.9],
      [1000, 0.999],
      [100_000, 0.99999],
    ] as const)
      expect(status(withBad(1, total), objective).budget).toEqual({ total: 1, spent: 1, remaining_ratio: 0 });
  });

  it('is burning if a rate fires, unless nothing is left', () => {
    const rates = ratesWith({ '1h': 1, '5m': 1 });
    expect(status(withBad(10), 0.999, rates).state).toBe('burning');
    expect(status(withBad(1000), 0.999, rates).state).toBe('exhausted');
  });
});
