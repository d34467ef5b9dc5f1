import { LinkPace } from './link-pace';

const PLANES = 200;
const SECOND_MS = 1000;
const PARTS = 8;

/** Generates the same sequence of numbers every time (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The time from the end of an outage of this length until a plane calls the Control Plane. */
function returnAfter(outageMs: number, random: () => number): number {
  const pace = new LinkPace(random);
  let at = 0;
  while (at < outageMs) {
    pace.failed();
    at += pace.pauseMs;
  }
  return at - outageMs;
}

describe(LinkPace.name, () => {
  it.each([1, 2, 3, 5, 10, 20, 60, 600])(
    "spreads the planes' first calls evenly over at most ten seconds after an outage of %d s",
    (seconds) => {
      const random = randomNumbers(seconds);
      const returns = Array.from({ length: PLANES }, () => returnAfter(seconds * SECOND_MS, random));
      const [first, last] = [Math.min(...returns), Math.max(...returns)];
      const partMs = Math.max(SECOND_MS, last - first) / PARTS;
      const parts = Array.from({ length: PARTS }, (_, part) => {
        return returns.filter((ms) => ms >= first + part * partMs && ms < first + (part + 1) * partMs).length;
      });
      expect(last).toBeLessThan(10 * SECOND_MS);
      expect(Math.max(...parts)).toBeLessThan(1.6 * (PLANES / PARTS));
    },
  );

  it('does not pause between successful calls', () => {
    const pace = new LinkPace(() => 0.5);
    pace.failed();
    pace.succeeded();
    expect(pace.pauseMs).toBe(0);
    pace.heardNothing({ waitedMs: 24_990, askedMs: 25_000 });
    expect(pace.pauseMs).toBe(0);
    pace.heardNothing({ waitedMs: 3, askedMs: 0 });
    expect(pace.pauseMs).toBe(0);
  });

  it('pauses only briefly when a call that has waited for a long time is disconnected', () => {
    const pace = new LinkPace(() => 0.5);
    pace.heardNothing({ waitedMs: 3, askedMs: 25_000 });
    pace.failed(20_000);
    expect(pace.pauseMs).toBe(500);
    pace.failed(3);
    expect(pace.pauseMs).toBe(1100);
  });

  it('pauses after an early response without news, because the responding process is shutting down', () => {
    const pace = new LinkPace(() => 0.5);
    pace.heardNothing({ waitedMs: 3, askedMs: 25_000 });
    expect(pace.pauseMs).toBe(500);
  });
});
