import { type SloSeriesView } from '@atlas/tenant-api/slos';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const START = Date.parse('2030-01-01T00:00:00Z');
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const WINDOW_DAYS = 7;

describe.each(EVERY_DATABASE)('the series of an objective on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let admin: CallOptions;
  let id: string;
  /** [minutes before the start, good, total] */
  const events: readonly (readonly [number, number, number])[] = [
    [0, 9, 10],
    [1, 10, 10],
    [59, 10, 10],
    [60, 5, 10],
    [61, 8, 10],
    [3 * DAY_MINUTES, 90, 100],
    [WINDOW_DAYS * DAY_MINUTES - 30, 40, 100],
    [WINDOW_DAYS * DAY_MINUTES - 1, 97, 100],
    [WINDOW_DAYS * DAY_MINUTES, 50, 100],
  ];

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
    ({ admin } = await plane.tenantWithAdmin('acme'));
    const wanted = { name: 'x', objective: 0.9, window_days: WINDOW_DAYS, indicator: { kind: 'events' } };
    ({ id } = (await plane.post('/api/slos', wanted, admin).expect(201)).body);
    for (const [minutes, good, total] of events) {
      const at = new Date(START - minutes * MINUTE_MS).toISOString();
      await plane.post(`/api/slos/${id}/events`, { good, total, at }, admin).expect(202);
    }
  });
  afterAll(() => plane.close());

  const series = (query = '') => plane.get(`/api/slos/${id}/series${query}`, admin);
  const points = async (query: string) => ((await series(query).expect(200)).body as SloSeriesView).points;
  /** The sums of the events from one minute until before another, in minutes after the start. */
  const sums = (from: number, to: number) =>
    events
      .filter(([minutes]) => -minutes >= from && -minutes < to)
      .reduce((sum, [, good, total]) => ({ good: sum.good + good, total: sum.total + total }), {
        good: 0,
        total: 0,
      });

  it.each([
    ['minutes', '2029-12-31T22:50:00Z', 60],
    ['uneven steps', '2029-12-31T22:50:00Z', 1020],
    ['hours', '2029-12-31T00:00:00Z', 3600],
    ['days', '2029-12-24T12:00:00Z', 86_400],
    ['a range that is longer than the window', '2029-12-10T00:00:00Z', 7200],
    ['a single step', '2029-12-20T00:00:00Z', 7_776_000],
  ])('has the events and the remaining budget of each step, in %s', async (_, from, step) => {
    const begins = (Date.parse(from) - START) / MINUTE_MS;
    const expected = [];
    for (let at = begins; at < 1; at += step / 60) {
      const ends = Math.min(at + step / 60, 1);
      const { good, total } = sums(at, ends);
      const window = sums(ends - WINDOW_DAYS * DAY_MINUTES, ends);
      expected.push({
        at: new Date(START + at * MINUTE_MS).toISOString(),
        good,
        total,
        attainment: total === 0 ? null : good / total,
        remaining_ratio:
          window.total === 0 ? 1 : expect.closeTo(1 - (window.total - window.good) / (window.total * 0.1), 6),
      });
    }
    expect(await points(`?from=${from}&step=${step}`)).toEqual(expected);
  });

  it('covers the window in about 200 steps by default, with the current minute', async () => {
    const { body } = await series().expect(200);
    expect(body).toMatchObject({
      to: '2030-01-01T00:01:00.000Z',
      from: '2029-12-25T00:01:00.000Z',
      step: 3060,
    });
    expect(body.points).toHaveLength(198);
    const { body: status } = await plane.get(`/api/slos/${id}/status`, admin).expect(200);
    // The status also counts the minute in which the window begins.
    expect(body.points.at(-1).remaining_ratio).not.toBe(status.budget.remaining_ratio);
  });

  it('does not claim to know a budget whose events are no longer kept', async () => {
    const [first, , ...rest] = await points('?from=2029-08-29T00:00:00Z&to=2029-09-07T00:00:00Z&step=86400');
    expect(first).toMatchObject({ good: 0, total: 0, attainment: null, remaining_ratio: null });
    expect(rest.at(-1)?.remaining_ratio).toBe(1);
  });

  it.each([
    ['of too many steps', '?from=2029-12-30T00:00:00Z&step=60'],
    ['of too many steps since 1970', '?from=1970-01-01T00:00:00Z&step=60'],
    ['whose end is before its beginning', '?from=2029-12-30T00:00:00Z&to=2029-12-29T00:00:00Z'],
    ['in the future', '?from=2031-01-01T00:00:00Z&to=9999-01-01T00:00:00Z'],
    ['from before 1970', '?from=0001-01-01T00:00:00Z&step=7776000'],
    ['with steps that are not whole minutes', '?step=90'],
    ['with empty steps', '?step=0'],
    ['from something that is not a time', '?from=yesterday'],
  ])('is refused if it asks for a series %s', async (_, query) => {
    expect((await series(query).expect(400)).body.code).toBe('validation_failed');
  });
});
