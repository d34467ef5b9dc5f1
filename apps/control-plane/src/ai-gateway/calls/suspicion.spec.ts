import { FixedClock } from '@atlas/testing';
import { Suspicion, type Wait } from './suspicion';

describe(Suspicion.name, () => {
  let clock: FixedClock;
  let suspicion: Suspicion;
  beforeEach(() => {
    clock = new FixedClock();
    suspicion = new Suspicion(clock);
  });

  const ask = (questions: number): Wait[] => Array.from({ length: questions }, () => suspicion.begin());
  /** Five questions that have waited for 3 s. */
  const suspect = (): Wait[] => {
    const waits = ask(5);
    clock.advance(3);
    return waits;
  };
  /** The provider responds to a question after so many seconds. */
  const respondAfter = (seconds: number): void => {
    const [one] = ask(1);
    clock.advance(seconds);
    one?.heard();
  };

  it('falls on a provider once five questions have waited for 3 s', () => {
    ask(4);
    clock.advance(1);
    ask(1);
    clock.advance(2.9);
    expect(suspicion.isSuspect).toBe(false);
    clock.advance(0.1);
    expect(suspicion.isSuspect).toBe(true);
  });

  it('needs five questions that still wait', () => {
    const [left] = suspect();
    left?.ended();
    expect(suspicion.isSuspect).toBe(false);
  });

  it('ends with anything that comes from the provider, to whatever question', () => {
    const [older] = ask(1);
    older?.heard();
    const [waiting] = suspect();
    older?.heard();
    expect(suspicion.isSuspect).toBe(false);
    suspect();
    waiting?.heard();
    expect(suspicion.isSuspect).toBe(false);
  });

  it('does not fall on a provider that answers one question after the other, however slowly', () => {
    const waits = ask(30);
    for (const wait of waits) {
      clock.advance(2.9);
      wait.heard();
      expect(suspicion.isSuspect).toBe(false);
      ask(1);
    }
  });

  it('knows how long the provider usually takes, from its last 20 responses', () => {
    respondAfter(30);
    const waits = ask(5);
    clock.advance(29);
    expect(suspicion.isSuspect).toBe(false);
    clock.advance(1);
    expect(suspicion.isSuspect).toBe(true);
    for (const wait of waits) wait.ended();
    for (let time = 0; time < 20; time += 1) respondAfter(1);
    suspect();
    expect(suspicion.isSuspect).toBe(true);
  });

  it('counts only the first sign of life to a question as its response', () => {
    const [one] = ask(1);
    one?.heard();
    clock.advance(60);
    one?.heard();
    suspect();
    expect(suspicion.isSuspect).toBe(true);
  });

  it('lets a question through every 3 s', () => {
    suspect();
    expect(suspicion.waitMs).toBe(0);
    ask(1);
    expect(suspicion.waitMs).toBe(3000);
    clock.advance(2);
    expect(suspicion.waitMs).toBe(1000);
    clock.advance(1);
    expect(suspicion.waitMs).toBe(0);
  });

  it('lets every question through without a suspicion', () => {
    ask(20);
    expect(suspicion.waitMs).toBe(0);
  });

  it('says which questions the provider has left aside', () => {
    const [first, second] = ask(2);
    expect(first?.isOvertaken()).toBe(false);
    second?.heard();
    expect([first?.isOvertaken(), second?.isOvertaken()]).toEqual([true, false]);
    first?.heard();
    expect(first?.isOvertaken()).toBe(false);
    const [third] = ask(1);
    expect(third?.isOvertaken()).toBe(false);
  });
});
