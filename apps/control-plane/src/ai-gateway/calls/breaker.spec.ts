import { FixedClock } from '@atlas/testing';
import { Breaker } from './breaker';

const COOL_DOWN_MS = 30_000;

describe(Breaker.name, () => {
  let clock: FixedClock;
  let breaker: Breaker;
  beforeEach(() => {
    clock = new FixedClock();
    breaker = new Breaker({ failures: 3, coolDownMs: COOL_DOWN_MS }, clock);
  });

  const fail = (times: number): void => {
    for (let time = 0; time < times; time += 1) breaker.begin().failed();
  };

  it('opens after three failures in a row, for the cool-down', () => {
    fail(2);
    expect(breaker.waitMs).toBe(0);
    fail(1);
    expect(breaker.waitMs).toBe(COOL_DOWN_MS);
    clock.advance(29);
    expect(breaker.waitMs).toBe(1000);
    clock.advance(1);
    expect(breaker.waitMs).toBe(0);
  });

  it('counts only failures in a row', () => {
    fail(2);
    breaker.begin().succeeded();
    fail(2);
    expect(breaker.waitMs).toBe(0);
  });

  it('does not take the start of an answer for a success', () => {
    for (let time = 0; time < 3; time += 1) {
      const call = breaker.begin();
      call.answered();
      call.failed();
    }
    expect(breaker.waitMs).toBe(COOL_DOWN_MS);
  });

  it('lets a single call test the provider, and closes once it is answered', () => {
    fail(3);
    clock.advance(30);
    const probe = breaker.begin();
    expect(breaker.waitMs).toBeGreaterThan(0);
    probe.answered();
    expect(breaker.waitMs).toBe(0);
    probe.succeeded();
    fail(2);
    expect(breaker.waitMs).toBe(0);
  });

  it('opens again if the probe fails, or the first call after it', () => {
    fail(3);
    clock.advance(30);
    breaker.begin().failed();
    expect(breaker.waitMs).toBe(COOL_DOWN_MS);
    clock.advance(30);
    breaker.begin().answered();
    fail(1);
    expect(breaker.waitMs).toBe(COOL_DOWN_MS);
  });

  it('lets another call be the probe if the caller of the probe left', () => {
    fail(3);
    clock.advance(30);
    breaker.begin().abandoned();
    expect(breaker.waitMs).toBe(0);
    breaker.begin();
    expect(breaker.waitMs).toBeGreaterThan(0);
  });

  it('learns nothing from calls that began before it opened', () => {
    const [late, later] = [breaker.begin(), breaker.begin()];
    fail(3);
    clock.advance(20);
    late.failed();
    expect(breaker.waitMs).toBe(10_000);
    clock.advance(10);
    breaker.begin();
    later.succeeded();
    expect(breaker.waitMs).toBeGreaterThan(0);
  });
});
