import { RestartPace } from './restart-pace';

describe(RestartPace.name, () => {
  const waits = (pace: RestartPace, ...ranForMs: number[]): number[] =>
    ranForMs.map((ms) => pace.waitAfter(ms));

  it('waits one second, then twice as long each time, up to 30 seconds', () => {
    const pace = new RestartPace();
    expect(waits(pace, 0, 10, 59_999, 0, 0, 0, 0)).toEqual([1, 2, 4, 8, 16, 30, 30].map((s) => s * 1000));
  });

  it('resets the wait to one second once the process has run for a minute', () => {
    const pace = new RestartPace();
    expect(waits(pace, 0, 0, 60_000, 0)).toEqual([1000, 2000, 1000, 2000]);
  });
});
