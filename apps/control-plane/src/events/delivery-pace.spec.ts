import { retryAfterMs, retryInMs } from './delivery-pace';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const NOW = new Date('2030-01-01T00:00:00Z');
const failed = { attempts: 1, ageMs: 0, retryAfterMs: null };

describe('the pace of deliveries', () => {
  it('grows from 10 s to a day, and is randomised down to half of that', () => {
    const delays = [1, 2, 3, 5, 8, 9, 20].map((attempts) => retryInMs({ ...failed, attempts }, () => 1));
    const seconds = delays.map((delay) => Number(delay) / 1000);
    expect(seconds).toEqual([10, 30, 90, 810, 21_870, 65_610, 86_400]);
    expect(retryInMs(failed, () => 0)).toBe(5000);
  });

  it('ends three days after the event', () => {
    expect(retryInMs({ ...failed, ageMs: 3 * DAY - 10_000 }, () => 1)).toBe(10_000);
    expect(retryInMs({ ...failed, ageMs: 3 * DAY - 9_999 }, () => 1)).toBeNull();
  });

  it('waits as long as the receiver asks, but at most a day', () => {
    expect(retryInMs({ ...failed, retryAfterMs: HOUR })).toBe(HOUR);
    expect(retryInMs({ ...failed, retryAfterMs: 9 * DAY })).toBe(DAY);
    expect(retryInMs({ ...failed, retryAfterMs: 1 }, () => 1)).toBe(10_000);
  });

  it.each([
    ['120', 120_000],
    ['Tue, 01 Jan 2030 00:01:00 GMT', 60_000],
    ['Mon, 31 Dec 2029 23:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    [undefined, null],
  ])('reads Retry-After: %s', (header, ms) => {
    // V8 reads "-5" as a date of the past, which asks for nothing.
    expect(retryAfterMs(header, NOW) || null).toBe(ms || null);
  });
});
